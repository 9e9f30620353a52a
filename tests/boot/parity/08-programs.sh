# Longer shell programs, as people write them: each uses many tools and system calls together.
. /parity/lib.sh
start_part programs
run << 'X'
# Primes by a sieve, in the shell and in awk; the two must agree.
limit=200; i=2; while [ $i -le $limit ]; do eval "composite=\$c$i"; if [ -z "$composite" ]; then echo $i; j=$((i * i)); while [ $j -le $limit ]; do eval "c$j=1"; j=$((j + i)); done; fi; i=$((i + 1)); done > sieve
awk 'BEGIN { for (i = 2; i <= 200; i++) { prime = 1; for (j = 2; j * j <= i; j++) if (i % j == 0) prime = 0; if (prime) print i } }' > awked
cmp sieve awked && paste -s -d' ' sieve | fold -s -w 60; wc -l < sieve
X
run << 'X'
# Word counts of a text made here.
i=0; while [ $i -lt 300 ]; do echo "word$((i * i % 17)) word$((i * 7 % 11)) end"; i=$((i + 1)); done > text
tr ' ' '\n' < text | sort | uniq -c | sort -k1,1nr -k2 | awk '{ printf "%-8s %d\n", $2, $1 }'
X
run << 'X'
# A table of squares and cubes, aligned.
i=1; while [ $i -le 25 ]; do printf '%4d %6d %8d\n' $i $((i * i)) $((i * i * i)); i=$((i + 1)); done | tee table | awk '{ a += $1; b += $2; c += $3 } { print } END { print a, b, c }'
X
run << 'X'
# A lock by mkdir: ten workers append to one file, one at a time.
rm -rf lock shared; : > shared
worker() { n=0; while [ $n -lt 5 ]; do while ! mkdir lock 2> /dev/null; do usleep 1000; done; v=$(tail -n 1 shared); echo $((${v:-0} + 1)) >> shared; rmdir lock; n=$((n + 1)); done; }
for w in 1 2 3 4; do worker & done; wait; wc -l < shared; tail -n 1 shared; paste -s -d, shared
X
run << 'X'
# A pool: at most three jobs at a time, results collected in order.
mkdir -p pool; running=0
for job in 1 2 3 4 5 6 7 8 9; do (usleep $((10000 * (job % 3 + 1))); echo "job $job gives $((job * job))" > pool/$job) & running=$((running + 1)); if [ $running -ge 3 ]; then wait; running=0; fi; done
wait; cat pool/*
X
run << 'X'
# Log rotation.
log() { echo "$1" >> log; [ $(wc -c < log) -gt 100 ] || return 0; n=3; while [ $n -gt 0 ]; do [ -f log.$n ] && mv log.$n log.$((n + 1)); n=$((n - 1)); done; mv log log.1; : > log; }
for i in $(seq 1 30); do log "entry number $i"; done; wc -c log log.*; head -1 log.*; tail -1 log.1
X
run << 'X'
# A template filled from a table.
printf 'anna|3|12.50\nbob|1|7.25\ncleo|10|0.99\n' > orders
while IFS='|' read name count price; do cat << END
Dear $name,
  you ordered $count at $price, which makes $(echo "$count * $price" | bc).
END
done < orders
X
run << 'X'
# Recursion over folders: sizes summed by extension.
mkdir -p src/a/b src/c; for f in src/x.c src/a/y.c src/a/b/z.h src/c/w.h src/c/readme; do printf '%s\n' $f $f $f > $f; done
walk() { for entry in "$1"/*; do if [ -d "$entry" ]; then walk "$entry"; else echo "$(wc -c < "$entry") ${entry##*/}"; fi; done; }
walk src; walk src | awk '{ e = $2; if (!sub(/.*\./, "", e)) e = "none"; s[e] += $1 } END { for (e in s) print e, s[e] }' | sort
X
run << 'X'
# A make of sorts: rebuild what is older than its source.
rule() { if [ ! -e "$1" ] || [ "$2" -nt "$1" ]; then echo "making $1"; tr a-z A-Z < "$2" > "$1"; else echo "$1 is up to date"; fi; }
echo one > 1.in; echo two > 2.in; touch -t 202401010000 1.in 2.in; rule 1.out 1.in; rule 2.out 2.in; rule 1.out 1.in; touch -t 203001010000 2.in; rule 1.out 1.in; rule 2.out 2.in; cat 1.out 2.out
X
run << 'X'
# Set operations on files of lines.
seq 1 2 30 > odd; seq 1 3 30 > third; sort odd > o; sort third > t
cat o t | sort | uniq -d | sort -n | paste -s -d' '; cat o t | sort -u | sort -n | paste -s -d' '; cat o t t | sort | uniq -u | sort -n | paste -s -d' '; grep -vxFf t o | sort -n | paste -s -d' '
X
run << 'X'
# Towers of Hanoi.
hanoi() { [ $1 -eq 0 ] && return; hanoi $(($1 - 1)) $2 $4 $3; echo "$1: $2 -> $3"; hanoi $(($1 - 1)) $4 $3 $2; }
hanoi 5 a c b
X
run << 'X'
# Binary to hexadecimal and back, and a checksum over all byte values.
i=0; while [ $i -lt 256 ]; do printf "\\$(printf %03o $i)"; i=$((i + 1)); done > bytes
wc -c bytes; md5sum bytes; od -An -tx1 -v bytes; xxd -p bytes | xxd -r -p | cmp - bytes && echo same; hexdump -C bytes | tail -4; base64 bytes; tr -d '\000-\177' < bytes | wc -c
X
run << 'X'
# A state machine over a stream, through a fifo.
mkfifo events; (for e in start tick tick pause tick resume tick stop; do echo $e; done > events) &
state=idle; ticks=0; while read e; do case $state/$e in idle/start) state=running;; running/tick) ticks=$((ticks + 1));; running/pause) state=paused;; paused/resume) state=running;; */stop) state=idle;; *) echo "ignored $e in $state";; esac; echo "$e: $state $ticks"; done < events; wait
X
run << 'X'
# A dispatcher with signals: a server in the background that answers on USR1 and leaves on TERM.
(n=0; : > answers; trap 'n=$((n + 1)); echo $n >> answers' USR1; trap 'echo bye >> answers; exit 0' TERM; : > ready; while :; do usleep 5000; done) & server=$!
while [ ! -e ready ]; do usleep 5000; done; for i in 1 2 3; do kill -USR1 $server; while [ "$(wc -l < answers)" != $i ]; do usleep 5000; done; done; kill $server; wait $server; echo $?; cat answers
X
run << 'X'
# Pascal's triangle and a calendar.
awk 'BEGIN { for (r = 0; r < 12; r++) { c = 1; for (k = 0; k <= r; k++) { printf "%d ", c; c = c * (r - k) / (k + 1) } print "" } }'; cal 7 2026; cal 2026 | tail -n 20
X
run << 'X'
# A thousand files: made, listed, renamed, sorted by size, removed.
mkdir thousand; cd thousand; i=0; while [ $i -lt 1000 ]; do echo $i > file$i; i=$((i + 1)); done; ls | wc -l; ls | md5sum; find . | md5sum; for f in *5; do mv $f renamed-$f; done; ls renamed* | wc -l; ls -U 2> /dev/null | wc -l; find . -type f | head -120; cat * | awk '{ s += $1 } END { print s }'; ls -lS | awk '{ print $5 }' | uniq -c; rm file*; ls | head -110; cd ..; rm -r thousand; ls -d thousand
X
run << 'X'
# Large files: written, copied, compared, sorted.
seq 1 60000 > large; wc large; cp large copy; cmp large copy && echo same; sort -r large | md5sum; sort -n large | tail -1; sed -n '30000,30003p' large; tail -c 12 large; dd if=large of=copy bs=333 2> /dev/null; md5sum large copy; cat large copy large | wc -c; tac large | head -2; rev large | sort | md5sum; split -l 20000 large part 2> /dev/null; ls part* 2> /dev/null; awk '{ s += $1 } END { print s }' large; grep -c 7 large; gzip < large | gunzip | cmp - large && echo zipped; rm large copy
X
run << 'X'
# Sparse files and positions.
dd if=/dev/zero of=sparse bs=1 seek=10000000 count=1 2> /dev/null; stat -c '%s %b' sparse; du sparse; echo mark | dd of=sparse bs=1 seek=5000000 conv=notrunc 2> /dev/null; dd if=sparse bs=1 skip=5000000 count=4 2> /dev/null; echo; stat -c %b sparse; cp sparse dense; cmp sparse dense && echo equal; truncate -s 5000002 sparse; tail -c 4 sparse | od -c; truncate -s 5000010 sparse; tail -c 12 sparse | od -c; md5sum dense; dd if=/dev/zero of=far bs=1 seek=4294967296 count=1 2> /dev/null; stat -c '%s %b' far; dd if=far bs=1 skip=4294967290 2> /dev/null | wc -c
X
run << 'X'
# Nested quoting and scripts that write scripts.
cat > make1 << 'A'
cat > make2 << 'B'
echo "level three: $1 \$1 $((2 + 3))"
B
sh make2 "$1 from two"
A
sh make1 "from one"; cat make2; sh -c 'sh -c "sh -c \"echo deep \\\$0 \$0 $0\" c" b' a
X
run << 'X'
# A spreadsheet in awk: rows, columns, averages, a histogram.
i=1; while [ $i -le 40 ]; do echo "$i,$((i * 37 % 101)),$((i * i % 23))"; i=$((i + 1)); done > sheet
awk -F, '{ r = $2 + $3; s2 += $2; s3 += $3; h[int($2 / 10)]++; printf "%2d %3d %2d %3d\n", $1, $2, $3, r } END { printf "mean %.2f %.2f\n", s2 / NR, s3 / NR; for (b = 0; b <= 10; b++) { printf "%3d ", b * 10; for (k = 0; k < h[b]; k++) printf "*"; print "" } }' sheet
X
run << 'X'
# A bank: transactions checked, totals by account, errors to their own file.
cat > moves << 'END'
alice +100
bob +50
alice -30
carol -5
bob -20
alice -100
dave x
bob +5
END
while read who what; do case $what in [+-]*[0-9]) ;; *) echo "bad line: $who $what" >&2; continue;; esac; eval "b=\${balance_$who:-0}"; n=$((b + what)); if [ $n -lt 0 ]; then echo "$who lacks $((-n))" >&2; continue; fi; eval "balance_$who=$n"; echo "$who has $n"; done < moves 2> mistakes
set | grep ^balance_; cat mistakes
X
end_part
