# Text tools: sed, awk, grep, sort, uniq, cut, tr, head, tail, wc, od, fold, diff, patch, ed and their kin.
. /parity/lib.sh
start_part text
seq 1 40 > n
cat > people << 'X'
anna:32:Berlin:engineer
boris:27:Oslo:designer
clara:45:Berlin:manager
dan:27:Paris:engineer
eve:38:Oslo:engineer
frank:51:Rome:director
gina:45:Paris:designer
X
cat > poem << 'X'
The kernel wakes before the dawn,
it counts the frames, it maps the lawn
of memory where pages grow,
and sets the timers, row by row.

A process stirs; its stack is bare,
demand will fill it, page by pair.
The scheduler, a fair-weather friend,
gives every thread a slice to spend.
X
export LC_ALL=C
run 'cat people poem | wc; wc -l n people poem; wc -c < poem; wc -w poem; wc -L poem'
run 'sed -n 3,5p n; sed -n "\$p" n; sed -n "1~7p" n; sed 5q n; sed "3,38d" n; sed -n "/^1.$/p" n'
run 'sed "s/e/E/" poem; sed "s/e/E/g" poem; sed "s/the/[&]/gi" poem'
run 'sed -n "s/^\([^:]*\):\([0-9]*\):.*/\2 \1/p" people; sed -E "s/([a-z]+):([0-9]+)/\2=\1/" people'
run 'sed "/Berlin/d; s/:/ | /g" people; sed "/Oslo/!d" people; sed "2i\\
inserted" people; sed "2a\\
appended" people; sed "2c\\
changed" people'
run 'sed "y/abc/xyz/" people; sed = people | sed "N; s/\n/ /"; sed -n "/boris/,/dan/p" people; sed "s/[aeiou]//2g" people'
run 'sed -n "1!G;h;\$p" people; sed ":a;N;\$!ba;s/\n/,/g" people; sed -e 1d -e 2d people; sed -n "/x/p;\$=" people; sed "s/a/\n/" people'
run 'cp people p2; sed -i s/Berlin/Munich/ p2; cat p2; sed -i.bak "1d" p2; ls p2*; wc -l p2 p2.bak; sed "s/x" people; sed nosuch; sed p nosuch'
run 'echo "one two three" | sed "s/\(one\) \(two\)/\2 \1/; s/three/3/w out"; cat out; echo aaa | sed "s/a/b/2"; echo hello | sed "s/l*/X/g"; echo path/to | sed "s|/|:|g"; printf "a\nb\n" | sed "\$!s/\$/,/"'
run 'sed "/^$/,\$d" poem; sed -n "/stirs/{n;p;}" poem; sed "\$!N;P;D" people | head -3; sed "/kernel/r people" poem | head -4; printf "x\n" | sed "s/x/a\\tb/" | od -c'
run << 'X'
awk -F: '{ print $1, $2 }' people; awk -F: '$2 > 30 { n++; s += $2 } END { print n, s, s / n }' people
awk -F: '{ c[$3]++ } END { for (k in c) print k, c[k] }' people | sort; awk 'END { print NR }' n; awk '{ s += $1 } END { print s }' n
X
run << 'X'
awk 'BEGIN { for (i = 1; i <= 5; i++) printf "%d %d %.3f %s\n", i, i * i, sqrt(i), i % 2 ? "odd" : "even" }'
awk 'BEGIN { print length("hello"), substr("hello", 2, 3), index("hello", "l"), toupper("abc"), tolower("DEF") }'
awk 'BEGIN { s = "a-b-c"; n = split(s, p, "-"); print n, p[1], p[3]; gsub(/-/, "+", s); print s; sub(/a/, "z", s); print s }'
awk 'BEGIN { print match("foobar", /o+/), RSTART, RLENGTH; print 1 / 3; print 1e6, 1e20, 0.1 + 0.2; print int(3.9), -7 % 3, 2 ^ 10 }'
X
run << 'X'
awk 'NR % 10 == 0' n; awk '/kernel/ { print NR ": " $0 }' poem; awk 'NF == 0 { print "blank at", NR }' poem; awk '{ print NF }' poem
awk '{ for (i = NF; i > 0; i--) printf "%s ", $i; print "" }' poem; awk 'length > 34' poem
X
run << 'X'
awk -v x=5 'BEGIN { print x * 2 }'; echo "a b c" | awk '{ $2 = "X"; print; print NF; NF = 2; print }'; awk 'BEGIN { while (i < 3) print i++; do print "d" i; while (i++ < 5) }'
awk 'function f(n) { return n <= 1 ? 1 : n * f(n - 1) } BEGIN { print f(10) }'; awk 'BEGIN { "echo from shell" | getline v; close("echo from shell"); print v; print "piped" | "cat" ; close("cat"); print ENVIRON["LC_ALL"] }'
awk 'BEGIN { printf "%c%c %5.2f|%-6s|%06d|%x|%o|%e\n", 65, "B", 3.14159, "ab", 42, 255, 8, 12345 }'; awk 'BEGIN { exit 7 }'; echo $?; awk 'BEGIN { print > "/nosuch/x" }'; awk '{'
X
run << 'X'
awk 'BEGIN { FS = ":"; OFS = "-" } { $1 = $1; print }' people; awk 'BEGIN { RS = "" } { print NR ": " $1 " " NF }' poem; awk 'NR == 2, NR == 4' people; awk 'BEGIN { a["x", 1] = 2; for (k in a) { split(k, q, SUBSEP); print q[1], q[2] } if (("x", 1) in a) print "in"; delete a; print length(a) }'
X
run 'grep Berlin people; grep -v Berlin people; grep -c Oslo people; grep -n engineer people; grep -i BORIS people; grep -o "[0-9][0-9]" people'
run 'grep -E "^(anna|eve)" people; grep -w it poem; grep -l the people poem; grep -L Rome people poem; grep -A1 -B1 dan people; grep -q x people; echo $?; grep nothing people; echo $?; grep x nosuch; echo $?'
run 'grep -r engineer . | sort | head -5; grep -e anna -e dan people; grep -F . poem | head -2; grep -x 7 n; grep -m 2 1 n; printf "dan\neve\n" | grep -f - people; grep -h the people poem; grep -s x nosuch; grep "^$" -n poem; egrep "a{2}|nn" people; fgrep "it " poem'
run 'sort people; sort -r people; sort -t: -k2 people; sort -t: -k2n -k1r people; sort -t: -k3,3 -k2,2nr people; sort -u -t: -k3,3 people'
run 'printf "10\n9\n2\n1\n33\n" | sort; printf "10\n9\n2\n1\n33\n" | sort -n; printf "b\nA\na\nB\n" | sort; printf "b\nA\na\nB\n" | sort -f; sort -c people; echo $?; printf "b\na\n" | sort -c; echo $?; sort -o sorted -r n; head -3 sorted; sort -m people people | head -4'
run 'printf "1.5\n1.25\n-3\n1e2\n" | sort -g; printf "v1.10\nv1.9\nv1.2\n" | sort -V; printf "Mar\nJan\nFeb\n" | sort -M; seq 1000 | sort -R 2> /dev/null | wc -l; seq 3000 | sort -rn | head -3; printf "z\0a\0" | sort -z | tr "\0" "\n"'
run 'cut -d: -f3 people | sort | uniq; cut -d: -f3 people | sort | uniq -c; cut -d: -f3 people | sort | uniq -d; cut -d: -f3 people | sort | uniq -u; printf "a 1\nb 1\n" | uniq -f1; printf "Aa\naA\n" | uniq -i'
run 'cut -c1-4 people; cut -c 3- people | head -2; cut -d: -f1,3 people; cut -d: -f2- people | head -2; cut -d, -f1 people | head -1; cut -s -d, -f1 people; cut -b 1,3 people | head -2'
run 'tr a-z A-Z < people; tr -d aeiou < people; tr -s e < poem | head -2; tr -c "a-z\n" . < people; echo "hello  world" | tr -s " " "\n"; echo abc | tr abc "\101\102\103"; echo 123 | tr "[:digit:]" "[a*]"; echo Mixed | tr "[:upper:][:lower:]" "[:lower:][:upper:]"'
run 'head -n 2 poem; head -c 10 poem; echo; head -2 n people; tail -n 2 poem; tail -c 7 poem; tail -n +38 n; tail -n 1 n people; head -n -37 n; head -q -n1 n people; head nosuch; tail nosuch'
run 'tac people; rev people; nl people; nl -b a poem; cat -n poem; cat -b poem; cat -e people | head -2; printf "a\tb\n" | cat -t; printf "\001\177\200" | cat -v; echo; cat -A people | head -1; cat - people < n | tail -3; cat nosuch people | head -1'
run 'od -c people | head -3; od -x people | head -3; od -A d -t d1 people | head -3; od -t x1 -N 20 people; od -b people | head -2; echo hello | hexdump -C; echo hello | xxd; echo 68656c6c6f0a | xxd -r -p; xxd -p people | head -2; hexdump people | head -2; od -j 5 -N 4 -c people; od -An -tu2 -N8 people'
run 'fold -w 20 poem; fold -s -w 20 poem; printf "a\tb\tc\n" | expand; printf "a\tb\n" | expand -t 4; printf "        x\n" | unexpand; paste n n | head -3; paste -d, people n | head -3; paste -s -d+ n; seq 3 | paste - - -'
run 'base64 people; base64 people | base64 -d | cmp - people && echo same; echo hello | base64; echo aGVsbG8K | base64 -d; echo "!!!" | base64 -d; uuencode -m x < people; uuencode people people | uudecode -o back; cmp back people; echo $?'
run 'md5sum people n poem; sha1sum people; sha256sum people n; sha512sum people; sha3sum people; md5sum people n > sums; md5sum -c sums; echo x >> n; md5sum -c sums; echo $?; crc32 people; sum people 2> /dev/null; seq 1 40 > n; md5sum nosuch; md5sum < /dev/null'
run 'cp people p3; cmp people p3; echo $?; sed -i s/27/28/ p3; cmp people p3; cmp -l people p3; cmp -s people p3; echo $?; cmp people nosuch; head -2 people > p4; cmp people p4'
run 'diff people p3; diff -u people p3 | tail -n +3; diff people people; echo $?; diff -q people p3; echo "new: last" >> p3; sed -i 1d p3; diff people p3; diff -u people p3 | sed 1,2d; diff -y people p3 2> /dev/null | head -1; mkdir da db; cp people da; cp p3 db/people; echo o > da/only; diff -r da db | grep -v ^diff; diff nosuch people; diff -w people p3 | head -3; diff -B n n; diff da people'
run 'cp people p5; diff -u people p3 > patch1; patch p5 < patch1; cmp p5 p3; echo $?; patch -R p5 < patch1; cmp p5 people; echo $?; echo broken > p6; patch p6 < patch1; echo $?; cat p6; ls p6*'
run << 'X'
cp people ed1; ed ed1 << 'END'
1,$p
2d
1a
inserted by ed
.
s/ed/ED/
/Paris/p
$=
w
q
END
cat ed1
X
run << 'X'
printf '/kernel\nxi0first\033:wq\n' > keys; cp poem v1; vi -c ':2d' -c ':wq' v1 < /dev/null > /dev/null 2>&1; head -2 v1
X
run 'dc -e "2 3 + p 10 / p 4 k 1 3 / p 16 o 255 p"; echo "2 3 * 4 + p" | dc; echo "scale=5; 22/7; 2^100; sqrt(2); ibase=16; FF" | bc; echo "for (i=0; i<5; ++i) i*i" | bc; echo "define f(n) { if (n < 2) return (n); return (f(n-1) + f(n-2)); } f(15)" | bc; echo "1/0" | bc; expr 3 + 4 "*" 2; expr 10 % 3; expr length hello; expr substr hello 2 3; expr hello : "h\(.*\)o"; expr 3 ">" 2; expr 0; echo $?; expr 1 / 0; factor 97 360 1000003'
run 'seq 5; seq 2 2 10; seq 10 -3 1; seq -w 8 11; seq -s , 5; seq 0.5 0.5 2; seq 3 1; seq x'
run 'strings /bin/busybox | grep -c .; printf "ab\0longer text\001xx" | strings; printf "short" | strings -n 6; strings -n 3 people | head -2; which ls sh nosuch; echo a b c | xargs; echo a b c | xargs -n 1 echo item; seq 10 | xargs -n 3; seq 4 | xargs -I{} echo "<{}>"; printf "a b\0c\0" | xargs -0 -n1 echo; echo "\"q u\" x" | xargs -n 1; true | xargs echo empty; true | xargs -r echo never; seq 3 | xargs -t echo; echo x | xargs false; echo $?; echo x | xargs nosuchcmd; echo $?; seq 5 | xargs -n 1 -P 1 sh -c "echo p\$0"'
run 'tee t1 t2 < people | wc -l; cmp t1 t2 && echo tees; echo more | tee -a t1 > /dev/null; tail -1 t1; tee /nosuch/x < people | head -1; ts < /dev/null; dos2unix < people | cmp - people; printf "a\nb\n" | unix2dos | od -c; ascii | head -5; cal 2 2024; shuf -i 1-5 | sort; shuf -e c b a | sort; shuf -n 2 n | wc -l; printf "%s\n" "$(date -u -d @1700000000 "+%Y-%m-%d %j %U %a %b")"; date -u -d "2024-02-29 12:00:00" +%s; date -u -d @0 -R | cut -c1-16; date -d nonsense; date -u -d "2024-02-29 12:00:00" "+%A %d %B %Y %p %I %Z %s"; factor 0 1 2 x'
end_part
