# bash: the language, its children, jobs, signals, here documents, redirections.
. /parity/lib.sh
start_part bash
# Of what bash says of a child that a signal ended, the process id goes.
cat > through <<'E'
bash "$@" 2>&1 | sed 's/\(line [0-9]*:\) *[0-9][0-9]* /\1 PID /'
exit ${PIPESTATUS[0]}
E
b() { cat > script; run 'bash through script'; }
b <<'E'
a=(one "two three" four); echo "${a[1]}" ${#a[@]} "${a[@]:1:1}" "${!a[@]}"; a+=(five); unset "a[0]"; echo "${a[*]}"
declare -A m=([x]=1 [y]=2); for k in $(printf "%s\n" "${!m[@]}" | sort); do echo "$k=${m[$k]}"; done
declare -i n=3+4; echo $n; declare -r c=1; c=2; echo after
s=abcdef; echo ${s:2:3} ${s: -2} ${s/c/X} ${s//[ac]/_} ${s#a*c} ${s%e*} ${s^} ${s^^} ${#s} ${s@Q} ${nope:-default} ${nope:+set}
echo {1..5} {a..e..2} x{1,2}y; echo $((16#ff + 2**10 - 7 % 3)) $((5 > 3 ? 1 : 0)); ((n++)); echo $n; let "n *= 2"; echo $n
[[ abc =~ ^a(.)c$ ]] && echo ${BASH_REMATCH[1]}; [[ -f script && ! -d script ]] && echo file; [[ a < b ]]; echo $?
case xyz in x*) echo starts;;& *z) echo ends;; esac
f() { local v=$1; shift; echo "$v:$#:$@"; return 3; }; f 1 2 "3 4"; echo $?
for ((i = 0; i < 3; i++)); do [ $i = 1 ] && continue; echo -n "$i "; done; echo; until false; do break; done; while read -r l; do echo "<$l>"; done <<< $'one\ntwo'
select x in p q; do echo $x; break; done <<< 2
printf -v out "%03d|%s" 7 x; echo "$out"; mapfile -t lines < <(seq 3); echo ${lines[2]}; read -r -a words <<< "q w e"; echo ${words[1]}; IFS=: read u v <<< "l:r"; echo $v
set -- a b c; shift 2; echo $1 $#; eval 'echo evaluated'; type -t type ls f if; x=1 bash -c 'echo $x'; echo "$(echo nested "$(echo deep)")" `echo back`
E
b <<'E'
sleep 2 & p=$!; jobs | sed 's/[0-9]\{3,\}/PID/'; wait $p; echo waited $?
(exit 5) & wait $!; echo $?; false & wait -n; echo $?; sleep 5 & kill %1; wait %1; echo $?
for i in 1 2 3; do (sleep $i; echo job $i) & done; wait; echo all; jobs > /dev/null
set -m; sleep 50 & kill -STOP $!; sleep 1; jobs | sed 's/[0-9]\{3,\}/PID/'; kill -CONT $!; bg 2>&1 | sed 's/[0-9]\{3,\}/PID/'; kill $!; wait $! 2>/dev/null; echo $?
(trap 'echo term; exit 9' TERM; sleep 50 & wait) & sleep 1; kill $!; wait $!; echo $?
disown -a; jobs; fg; echo $?; coproc { read l; echo "got $l"; }; echo hello >&${COPROC[1]}; read r <&${COPROC[0]}; echo $r; wait
E
b <<'E'
trap 'echo exit $?' EXIT; trap 'echo usr1' USR1; kill -USR1 $$; trap -p USR1; trap '' USR2; kill -USR2 $$; echo alive; trap 'echo err $LINENO' ERR; false; trap - ERR
trap 'echo debugged' DEBUG; :; trap - DEBUG; trap 'echo chld' CHLD; (exit 1); sleep 0.05; trap - CHLD
(kill -SEGV $BASHPID); echo $?; (kill -9 $BASHPID); echo $?; (ulimit -c 0; kill -ABRT $BASHPID); echo $?; bash -c 'kill -TERM $$'; echo $?
(trap 'echo int' INT; kill -INT $BASHPID; echo on); exit 4
E
b <<'E'
cat <<A; cat <<'B'; cat <<-C
here $((1 + 1))
A
$literal
B
	tabs off
	C
echo out; echo err >&2; { echo o; echo e >&2; } 2>&1 | sort; echo both &> f; cat f; echo more >> f; wc -l < f; exec 3> g; echo three >&3; exec 3>&-; cat g; echo x >&3; echo $?
exec 4< f; read -u 4 l; echo $l; read -u 4 l; echo $l; exec 4<&-; cat < nowhere; echo $?; echo no > /nowhere/x; echo $?; set -C; echo y > f; echo $?; echo y >| f; cat f; set +C
exec {fd}<> f; echo $((fd >= 10)); echo rw >&$fd; cat f; exec {fd}>&-; cat <(echo a) <(echo b); echo to process > >(tr a-z A-Z); wait; sleep .1; diff <(seq 3) <(seq 2 4)
head -c 200000 /dev/zero | tr '\0' x > big; v=$(< big); echo ${#v}; cat <<< "$v" | wc -c; echo "$v" | head -c 10; echo; yes | head -1; echo ${PIPESTATUS[@]}; set -o pipefail; false | true; echo $?; ! true; echo $?; true | false | true; echo ${PIPESTATUS[*]}
ls /proc/self/fd | wc -l; readlink /proc/self/fd/0; : < script; while read -t 1 -n 3 k; do echo "<$k>"; break; done < script; read -t 0.1 < <(sleep 1); echo $?
E
b <<'E'
cd /tmp; pushd / > /dev/null; pwd; popd > /dev/null; pwd; cd nowhere; echo $?; cd -; umask; umask 077; touch m; stat -c %a m; rm m; umask -S; ulimit -n; ulimit -S -n 50; ulimit -n; ulimit -Hn 40; ulimit -n 60; echo $?; ulimit -a | wc -l
hash -r; hash ls; hash | wc -l; command -v ls; type nowhere; nowhere; echo $?; ./nowhere; echo $?; /tmp; echo $?; echo 'echo script $1' > s; chmod +x s; ./s arg; chmod -x s; ./s; echo $?; bash s x; printf '#!/nowhere\n' > s; chmod +x s; ./s; echo $?; printf '#!/bin/echo -a b\n' > s; ./s c; . /dev/stdin <<< 'echo sourced'; source nowhere; echo $?
times | wc -l; echo $BASH_SUBSHELL $(echo $BASH_SUBSHELL); echo $$ | grep -c .; [ $$ = $(bash -c 'echo $PPID') ]; echo $?; exec -a name bash -c 'echo $0'; (exec true; echo never); echo $SHLVL; echo $-; set -e; false || echo handled; shopt -s nullglob globstar; echo nothing*; mkdir -p g/h/i; touch g/1.c g/h/2.c g/h/i/3.h; echo g/**/*.c; shopt -s dotglob; touch g/.dot; echo g/*; set -f; echo *; set +e; set -u; echo $undefined; echo unreached
E
b <<'E'
fact() { (($1 < 2)) && echo 1 || echo $(($1 * $(fact $(($1 - 1))))); }; fact 10
n=0; while ((n < 2000)); do ((n++)); done; echo $n; p=(); for i in {1..30}; do (exit $i) & p+=($!); done; s=0; for i in ${p[@]}; do wait $i; ((s += $?)); done; echo $s
i=0; while read l; do ((i++)); done < <(seq 1000); echo $i; seq 500 | while read l; do echo $l; done | wc -l; for i in {1..50}; do echo $i | cat; done | md5sum
x=$(for i in {1..20}; do printf "%s" "$(echo $i)"; done); echo $x; mkfifo p; (for i in 1 2 3; do echo $i; done > p &); cat p; (cat p > q &); seq 9 > p; sleep .2; cat q; exec 5<>p; echo self >&5; read -u 5 l; echo $l
flock script echo locked; (flock 9; echo inner) 9> lock; (flock -n 8 || echo busy) 8< <(:); exec 9> lock; flock 9; flock -n lock true; echo $?; flock -w 0.2 lock true; echo $?; flock -u 9; flock -n lock echo free; setsid bash -c 'ps -o pid=,sid= $$ | awk "{ print \$1 == \$2 }"'; nohup bash -c 'trap'; nice
E
run 'bash -c "echo \$0 \$1" name arg; bash -n script; bash --norc -i -c "echo interactive" 2> /dev/null; bash -x -c "echo traced"; bash -s one < script > /dev/null 2>&1; echo $?; bash nowhere; echo $?; bash -c "if"; echo $?; bash --version | head -1; bash -c "exit 300"; echo $?; bash -o posix -c "set -o" | grep posix; echo "echo from stdin" | bash; bash -r -c "cd /"; bash -v -c "echo v"; bash -c "kill -STOP \$\$" & sleep .3; kill -CONT $!; wait $!; echo $?; dash -c "echo \$((1+2)); trap \"echo t\" EXIT"'
run 'script -qc "echo in a terminal" /dev/null | head -1 | wc -l; ps -o comm= -p 1; ps -e -o comm= | grep -c init; pgrep -x nowhere; echo $?; pidof nowhere; echo $?; free | wc -l; uptime | wc -l; vmstat | wc -l; sysctl kernel.ostype; pmap $$ | tail -1 | wc -w; w -h | wc -l; top -b -n 1 | head -1 | cut -c1-5; pkill -f nothing.at.all; echo $?; sleep 7 & pkill -P $$ sleep; wait $!; echo $?; lsns 2> /dev/null | wc -l > /dev/null; mount | grep -c proc; mountpoint /proc; findmnt -n -o FSTYPE /proc; getconf PAGE_SIZE; getconf _NPROCESSORS_ONLN; taskset -p 1 | wc -l; chrt -p $$ | tail -2 | cut -d: -f2; ionice 2>&1 | head -1; prlimit --nofile -o SOFT --noheadings; dmesg > /dev/null; echo $?; lscpu | grep Arch; rev <<< abc; logger -s x 2>&1 | cut -c1-0'
end_part
