# The coreutils: files, links, sparse files, permissions, splitting, sorting, checksums.
. /parity/lib.sh
start_part coreutils
run 'mkdir -p a/b/c; echo one > a/1; echo two > a/b/2; echo three > a/b/c/3; ls -R a'
run 'cp -a a copy; diff -r a copy && echo same'
run 'cp -r --preserve=mode,timestamps a copy2; ls -R copy2'
run 'cp a/1 a/b/c; ls a/b/c'
run 'cp a nowhere'
run 'cp -v a/1 v1; cp -bv a/b/2 v1; ls v1*'
run 'cp --sparse=always /bin/true sparse; cmp /bin/true sparse && echo same'
run 'truncate -s 1M hole; stat -c "%s %b" hole; cp --sparse=always hole hole2; stat -c "%s" hole2'
run 'printf x | dd of=hole bs=1 seek=500000 conv=notrunc 2> /dev/null; stat -c %s hole; od -c hole'
run 'cp --sparse=never hole full; cmp hole full && echo same'
run 'cp --reflink=always a/1 ref'
run 'ln a/1 hard; stat -c "%h %s" hard; ln -s a/1 soft; readlink soft; readlink -f soft | sed s,^/w/,,'
run 'ln -s nowhere dangling; cat dangling; test -e dangling; echo $?; test -L dangling; echo $?'
run 'ln -sr a/b/2 a/b/c/relative; readlink a/b/c/relative; cat a/b/c/relative'
run 'ln a adir'
run 'ln -s loop loop; cat loop'
run 'mv -v a/b/2 a/b/two; mv a/b/two a/b/2; mv -n v1 a/1; ls v1; mv -T copy2 copy3; ls -d copy*'
run 'mv copy copy3/inside; ls copy3'
run 'mv copy3 copy3/inside'
run 'rm a; rm -d a; rmdir a; rm -v a/b/c/3'
run 'rm nowhere; rm -f nowhere; echo $?'
run 'rm -rfv copy3 | sort | head -5'
run 'install -m 640 -D a/1 x/y/installed; stat -c "%a %s %n" x/y/installed; install -d -m 711 x/d; stat -c %a x/d'
run 'touch -d 2001-02-03T04:05:06Z old; stat -c %y old; touch -r old new; stat -c "%x %y" new; touch -m -t 200001010000 new; stat -c %y new'
run 'touch -c nowhere; ls nowhere'
run 'chmod 4755 hard; stat -c "%A %a" hard; chmod u-s,g+w,o= hard; stat -c "%A" hard; chmod -c a+x hard; chmod =rwX hard; stat -c %A hard'
run 'chmod -R g+w a; find a -printf "%M %p\n" | sort'
run 'chmod 755 nowhere; chmod 9999 hard'
run 'chown 1:100 hard; stat -c "%u:%g %U:%G" hard; chown -h nobody soft; stat -c %U soft; chgrp users hard; stat -c %G hard'
run 'mkfifo pipe; ls -l pipe | cut -c1-10; (echo through > pipe &); cat pipe'
run 'mknod null c 1 3; echo gone > null; stat -c "%F %t %T" null; mknod block b 7 0; stat -c "%F %t %T" block; cat block'
run 'stat -c "%n %F %s %a %h" a/1 a pipe soft null'
run 'stat -f -c "%T %S" . | tr -d "\n" | wc -c'
run 'stat nowhere'
run 'du -ab a | sort -k2; du -sb a; du -s --apparent-size -B1 a/1'
run 'df . > /dev/null; echo $?; df nowhere'
run 'sync; sync a/1; sync nowhere'
run 'seq 3000 > n; split -l 1000 n part.; wc -l part.*; split -b 5k --numeric-suffixes=1 n b.; ls b.*; cat b.* | cmp - n && echo same'
run 'split -n l/4 n q.; cat q.* | cmp - n && echo same; split -n r/3 n r.; wc -l r.*'
run "split -l 1000 --filter='wc -l' n"
run 'csplit -s n 100 "/^2500/"; wc -l xx*; csplit n "/nothing/"'
run 'tac n | head -3; sort -n -r n | head -3; sort -R n | sort -n | cmp - n && echo same'
run 'seq 200000 | sort -S 200k -T . | sort -n -S 100k --parallel=2 | md5sum; ls sort* 2> /dev/null'
run 'seq 50000 -1 1 | sort -n -c; sort -n -u -o n n; tail -1 n; sort -k2 -t: -n /etc/passwd; sort --debug -k1,1 /etc/hostname'
run 'sort nowhere; sort -o /nowhere/x n'
run 'shuf -i 1-1000 | sort -n | md5sum; shuf -n 3 n | wc -l; shuf -e a | cat'
run 'uniq -c <<E
a
a
b
a
E'
run 'printf "b 2\na 1\n" | sort > j1; printf "a x\nb y\nc z\n" > j2; join j1 j2; join -a2 -e - -o 0,1.2,2.2 j1 j2; comm j1 j2; paste -s -d+ n | cut -c1-40'
run 'head -c 1M /dev/zero | sha1sum; head -c 3000000 /dev/zero | sha512sum; md5sum a/1 > sums; md5sum -c sums; echo changed > a/1; md5sum -c sums; b2sum a/1; cksum a/1; sum a/1; sha224sum --tag a/1'
run 'base64 n | md5sum; base64 -d < /etc/passwd; base32 a/1; basenc --base16 a/1; base64 n | base64 -d | cmp - n && echo same'
run 'od -A x -t x1z -N 32 n; od -t d2 -j 4 -N 8 n; od -t f8 -N 16 n; hexdump -C n | head -3'
run 'tr -cd 0-5 < n | wc -c; tr -s "\n" " " < n | fold -w 60 | head -2; expand -t 4 <<E
	x	y
E
unexpand -a <<E
        x       y
E'
run 'cut -d: -f1,3 /etc/passwd; cut -b 1-3 --complement /etc/passwd; cut -f 9 -s /etc/passwd; nl -ba a/1; pr -t -3 -l 5 j2; fmt -w 20 <<E
a line that is longer than twenty characters
E'
run 'head -n -2997 n; head -c -10 n | wc -c; tail -n +2998 n; tail -c 5 n; head -q -n1 n a/1; tail -n 1 -v n'
run '(sleep 0.3; echo more >> grows; sleep 0.3) & echo start > grows; timeout 20 tail ---disable-inotify -f -s 0.1 --pid=$! grows'
run 'tee t1 t2 < a/1; cat t1 t2; yes no | head -3; yes | head -c 100000 | md5sum; seq -w 8 11; seq 1 .5 3; seq 10 -3 1'
run 'factor 97 360 18446744073709551557; expr 7 % 3 \* 2; expr abc : "a\(.\)"; expr 1 / 0; numfmt --to=iec 1500000 --format=%.1f; numfmt --from=si 3k'
run 'test a/1 -nt old; echo $?; test 3 -gt 2 -a -d a; echo $?; [ "" ]; echo $?; [ -p pipe ]; echo $?; [ a = ; echo $?; test -c null -a -b block; echo $?'
run 'env -i X=1 env; env -u HOME sh -c "echo ${HOME-unset}"; env -C a pwd; env nowhere; printenv TZ; printf "%s %d %x %o %e %q\n" a 12 255 8 1.5 "b c"; printf %d x'
run 'echo -e "a\tb\x41\0101\c no"; echo; echo -n; /bin/echo -e "\e[0m" | od -c; pwd -P; basename a/b.c .c; dirname a/b/ x; realpath --relative-to=a/b a/1; realpath -e nowhere; pathchk -p "a b"; dircolors -b | head -1'
run 'id; id -un; id nobody; groups daemon; whoami; logname; users; tty; nproc; nproc --ignore=9; uname -s; uname -m; arch; hostid | wc -c; who | wc -l'
run 'date -u -d @1000000000 "+%F %T %a %j %s %N"; date -u -d "2020-02-29 +1 year" +%F; date -d nonsense; date -u -r old +%c; TZ=UTC-3 date -d @0 +%H%z'
run 'timeout 1 sleep 9; echo $?; timeout -s KILL 1 sleep 9; echo $?; timeout -k 1 2 sh -c "trap : TERM; sleep 9 & wait; sleep 9"; echo $?; timeout 5 false; echo $?; timeout --preserve-status 1 sleep 9; echo $?; timeout 1 nowhere; echo $?; timeout 1 /etc/passwd'
run 'nice nice; nice -n 5 nice; nice -n -3 nice; nohup echo hi; cat nohup.out; stdbuf -oL echo buffered; /sbin/chroot / /bin/echo rooted; /sbin/chroot /nowhere /bin/echo; /sbin/chroot --userspec=nobody / id -u; setpriv --reuid=1 --regid=1 --clear-groups id'
run 'kill -l 9; kill -l TERM; /bin/kill -0 999999; sleep 9 & kill -STOP $!; sleep .1; grep State /proc/$!/status; kill -CONT $!; kill $!; wait $!; echo $?'
run 'mktemp -u abc.XXX | wc -c; t=$(mktemp -d -p .); stat -c %a $t; rmdir $t; f=$(mktemp); stat -c %a $f; rm $f; mktemp -p nowhere | wc -c; mktemp XX'
run 'dd if=n of=out bs=100 count=3 skip=2 seek=1 2>&1 | head -2; md5sum out; dd if=/dev/zero bs=1M count=3 2> /dev/null | wc -c; dd if=n conv=ucase,swab 2> /dev/null | md5sum; dd if=nowhere; dd if=n of=out oflag=append conv=notrunc bs=1k 2>&1 | head -2; stat -c %s out; dd if=n iflag=count_bytes,skip_bytes skip=10 count=20 status=none; dd if=n of=sp conv=sparse bs=4k status=none; cmp n sp && echo same'
run 'fallocate -l 100K f; stat -c "%s" f; fallocate -p -o 4096 -l 8192 f; stat -c %s f; fallocate -d f; fallocate -c -o 0 -l 4096 f; truncate -s +5 f; stat -c %s f; truncate -s %4096 f; stat -c %s f; truncate -r n f; stat -c %s f; truncate -s -1 nowhere; shred -n 1 -z f; tr -d "\0" < f | wc -c; shred -u f; ls f'
run 'wc n a/1; wc -L /etc/passwd; wc -c < n; cat -A a/1; cat -n < j2; cat - a/1 < j1; cat a; tsort <<E
a b
b c
E
ptx -w 30 a/1; od nowhere; link a/1 linked; unlink linked; unlink a'
run 'cat > full < n; cat full >> full; ls > /dev/full; echo x > /dev/full; head -c 3 /dev/full | od -c; cat /dev/null; ls -la --time-style=+ a | tail -n +2; ls -1sS --block-size=1 n a/1 | wc -l; ls -lnH soft | cut -c1-10; ls -F; ls --color=always -d a | od -c | head -2; ls -Q a; ls -m a; ls -i n | wc -w; ls -ltr --time-style=+%Y old'
end_part
