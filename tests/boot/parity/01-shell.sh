# The shell itself: words, expansion, pipes, redirections, here-documents, functions, arithmetic.
. /parity/lib.sh
start_part shell
run 'echo hello, world'
run 'echo one two   three "four  five"'
run 'printf "%s-%s\n" a b c d e'
run 'printf "%d %i %o %x %X %u %c %5d|%-5d|%05d\n" 42 42 42 255 255 7 z 3 3 3'
run 'printf "%5s|%-5s|%.2s|%b|%%\n" ab ab abcdef "x\ty"'
run 'printf "%e %f %g\n" 1.5 2.25 1000000'
run 'true; echo $?; false; echo $?'
run 'exit 3'
run 'sh -c "exit 300"'
run 'echo a; echo b; echo c'
run 'echo a && echo b || echo c'
run 'false && echo b || echo c'
run '! true; echo $?'
run '{ echo one; echo two; } | cat -n'
run '(echo sub; exit 4); echo $?'
run 'seq 1 20 | grep 1 | wc -l'
run 'seq 1 100 | head -n 7 | tail -n 3'
run 'echo abc | cat - | cat | cat | tr a-z A-Z'
run 'echo data > f; cat f; echo more >> f; cat f'
run 'echo err >&2; echo out'
run 'ls /nonexistent > out 2> err; echo $?; cat out; cat err'
run '{ echo o; echo e >&2; } > both 2>&1; cat both'
run 'cat < f'
run 'cat <&- ; echo $?'
run 'exec 3> three; echo to-three >&3; exec 3>&-; cat three'
run 'exec 4< f; read a <&4; read b <&4; echo "$b $a"'
run 'echo rw 1<> rw; cat rw'
run 'set -C; echo x > f; echo $?; echo y >| f; cat f'
run 'cat <<END
line one
$((6 * 7))
`echo three`
END'
run << 'X'
cat <<'END'
$HOME `no` \$x
END
X
run << 'X'
cat <<-END
	tab removed
		two tabs
	END
X
run << 'X'
cat <<A; cat <<B
first
A
second
B
X
run << 'X'
x=5; while [ $x -gt 0 ]; do echo -n "$x "; x=$((x - 1)); done; echo
X
run << 'X'
for i in 1 2 3; do for j in a b; do echo $i$j; done; done
X
run << 'X'
until [ "$n" = xxxx ]; do n=x$n; echo $n; done
X
run << 'X'
for i in 1 2 3 4 5 6; do [ $i = 3 ] && continue; [ $i = 5 ] && break; echo $i; done
X
run << 'X'
case foobar in foo) echo 1;; foo*) echo 2;; *) echo 3;; esac
case x in [a-m]) echo low;; [n-z]) echo high;; esac
case "a b" in "a b"|c) echo quoted;; esac
X
run << 'X'
f() { echo "args: $# $1 $2"; return 7; }; f x "y z" w; echo $?
X
run << 'X'
fact() { [ $1 -le 1 ] && echo 1 || echo $(($1 * $(fact $(($1 - 1))))); }; fact 6
X
run << 'X'
f() { local v=inner; echo $v; }; v=outer; f; echo $v
X
run << 'X'
set -- a "b c" d; echo $#; for x in "$@"; do echo "<$x>"; done; for x in $*; do echo "[$x]"; done; shift; echo $1
X
run << 'X'
v=hello.tar.gz; echo ${v%.*} ${v%%.*} ${v#*.} ${v##*.} ${#v} ${v/tar/zip} ${v:2:3}
X
run << 'X'
unset u; echo ${u:-default} ${u-d2}; u=; echo "${u:-empty}" "${u-set}"; echo ${u:=assigned}; echo $u; echo ${u:+alt}
X
run 'echo ${nothing?is not set}; echo unreachable'
run 'set -u; echo $nothing; echo unreachable'
run 'set -e; echo before; false; echo unreachable'
run << 'X'
echo $((1 + 2 * 3)) $(((1 + 2) * 3)) $((7 / 2)) $((7 % 3)) $((-7 / 2)) $((-7 % 3)) $((2 ** 10))
X
run << 'X'
echo $((5 > 3)) $((5 < 3)) $((5 == 5)) $((5 != 5)) $((1 && 0)) $((1 || 0)) $((!5)) $((~5))
X
run << 'X'
echo $((1 << 10)) $((1024 >> 3)) $((0xff & 0x0f)) $((0xf0 | 0x0f)) $((0xff ^ 0x0f)) $((010)) $((0x1F))
X
run << 'X'
x=5; echo $((x++)) $x $((++x)) $x $((x += 10)) $x $((x > 3 ? 100 : 200))
X
run 'echo $((9223372036854775807)) $((9223372036854775807 + 1))'
run 'echo $((1 / 0)); echo after'
run << 'X'
IFS=:; set -- $(echo a:b:c); echo $1 $2 $3; v="x:y"; for p in $v; do echo $p; done
X
run << 'X'
echo "a b c" | { read x y; echo "$y/$x"; }
printf 'l1\nl2\nl3\n' | while read line; do echo "got $line"; done
printf 'a\\b\n' | { read r; echo "$r"; }; printf 'a\\b\n' | { read -r r; echo "$r"; }
X
run << 'X'
echo $(echo nested $(echo deep $(echo deeper)))
echo "$(printf 'x\n\n\n')end"
X
run << 'X'
eval 'a=1; b=2'; eval echo \$a \$b; c=b; eval echo \$$c
X
run 'type cd; type cat; type nonexistent_thing'
run 'command -v sh; command -v nothing; echo $?'
run 'alias ll="ls -l"; alias ll; unalias ll; alias ll'
run 'nonexistent_command_xyz; echo $?'
run './f; echo $?'
run '/w; echo $?'
run '/w/f/x; echo $?'
run 'cd /nonexistent; echo $?'
run 'cd /w && pwd; cd / && pwd; cd - ; cd ..; pwd'
run 'test -e f && echo exists; test -d f || echo nodir; [ -f f ] && echo file; [ -s f ] && echo nonempty'
run '[ abc = abc ] && echo eq; [ abc != abd ] && echo ne; [ -z "" ] && echo z; [ -n x ] && echo n'
run '[ 3 -lt 10 ] && echo lt; [ 10 -ge 10 ] && echo ge; [ 2 -eq 02 ] && echo eq'
run '[ a -eq b ]; echo $?'
run '[ f -nt nothing ]; echo $?; [ nothing -ot f ]; echo $?; [ f -ef f ]; echo $?'
run '[[ abc == a* ]] && echo match; [[ abc =~ b. ]] && echo regex'
run << 'X'
getopts_test() { while getopts ab:c o; do echo "$o=$OPTARG"; done; shift $((OPTIND - 1)); echo "rest: $*"; }
getopts_test -a -b val -c x y; OPTIND=1; getopts_test -z; OPTIND=1; getopts_test -b
X
run 'echo *; touch b1 b2 b3 a.c; echo b*; echo b[12]; echo ?.c; echo nomatch*; echo "*"; echo .*'
run 'echo {a,b}{1,2}; echo ~; echo ~root'
run 'set -f; echo *'
run 'set -x; echo traced; v=1; [ $v = 1 ]'
run 'readonly r=1; r=2; echo after'
run 'export E=exported; sh -c "echo \$E"; env | grep ^E='
run 'E=temp sh -c "echo \$E"; echo "<$E>"'
run 'env -i A=1 B=2 env'
run 'env -u HOME sh -c "echo \$HOME."; env - PATH=/bin sh -c "echo \$HOME."'
run 'unset PATH; ls; /bin/echo found'
run 'echo $0; sh -c "echo \$0 \$1" zero one'
run 'echo "quote \"inner\" \\ \$x `echo bt`"'
run << 'X'
echo 'single $x \n' "double $((1))" a\ b
echo -e 'a\tb\nc\\d'; echo -n no-newline; echo
X
run 'times > /dev/null; umask; umask 077; umask; umask -S; umask u=rwx,g=rx,o=; umask'
run 'echo one; # comment
echo two'
run 'echo "line 1
line 2"'
run 'echo a \
b'
run 'seq 5 | while read n; do echo $((n * n)); done'
run 'yes | head -n 3'
run 'sh -c "echo unterminated'
run 'if true; then echo yes'
run 'for do done'
run ') echo'
end_part
