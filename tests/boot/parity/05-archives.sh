# Archives and compression: tar, cpio, gzip and kin, ar, split by dd; round trips of trees.
. /parity/lib.sh
start_part archives
umask 022
mkdir -p tree/a/b tree/c
seq 1 500 > tree/numbers
echo hello > tree/a/hello
echo deep > tree/a/b/deep
ln -s ../numbers tree/a/link
ln tree/numbers tree/c/hard
: > tree/empty
chmod 750 tree/c
chmod 4755 tree/a/hello
mkfifo tree/pipe
chown -R 5:6 tree/a
find tree -exec touch -h -t 202401020304.05 {} +
run 'tar cf t.tar tree; tar tf t.tar; tar tvf t.tar | sort -k6'
run 'mkdir x; cd x; tar xf ../t.tar; find . | sort; stat -c "%a %u %g %h %s %n" $(find . -type f | sort); readlink tree/a/link; cat tree/a/b/deep; stat -c %Y tree/numbers; stat -c "%F %a" tree/pipe tree/c; cmp tree/numbers ../tree/numbers; echo $?'
run 'tar czf t.tgz tree; tar tzf t.tgz | wc -l; gunzip < t.tgz | tar tf - | sort | head -3; mkdir y; tar xzf t.tgz -C y; find y -type f | sort; diff -r tree y/tree; echo $?; rm -r y'
run 'tar cf - tree/a | tar tvf - | awk "{print \$1, \$2, \$3, \$6, \$7, \$8}"; tar xOf t.tar tree/a/hello; tar xvf t.tar tree/numbers; mkdir z; tar xf t.tar -C z tree/numbers tree/c; ls z/tree'
run 'tar xf nosuch.tar; echo $?; tar cf a.tar nosuch; echo $?; echo garbage > bad.tar; tar tf bad.tar; echo $?; head -c 700 t.tar > short.tar; tar tf short.tar; echo $?; tar xf t.tar tree/nothere; echo $?'
run 'tar cjf t.tbz tree 2>&1 | head -1; tar cf k.tar tree/numbers; echo keep > tree/numbers2; cd x; tar xkf ../k.tar; echo $?; tar xf ../k.tar --strip-components 1; ls; tar xf ../k.tar -O | tail -1'
run 'gzip -c tree/numbers > n.gz; gunzip -c n.gz | cmp - tree/numbers; echo $?; zcat n.gz | tail -2; cp tree/numbers nn; gzip nn; ls nn*; gzip -t nn.gz; echo $?; gunzip nn.gz; ls nn*; gzip nosuch; gunzip nosuch.gz; gunzip tree/a/hello; echo junk | gunzip; echo $?; gzip -9 < tree/numbers | gunzip | md5sum; gzip -1 < tree/numbers | gunzip | md5sum'
run 'for i in 1 2 3; do gzip -c tree/numbers; done | gunzip | wc; head -c 300 n.gz | gunzip | wc -l; cp n.gz bad.gz; printf "\000\001" | dd of=bad.gz bs=1 seek=100 conv=notrunc 2> /dev/null; gunzip -c bad.gz > /dev/null; echo $?; gzip < /dev/null | gunzip | wc -c; yes | head -100000 | gzip | wc -c | awk "{print (\$1 < 1000)}"; yes | head -100000 | gzip | gunzip | md5sum'
run 'bzip2 -c tree/numbers | bunzip2 | md5sum; bzip2 -c tree/numbers | bzcat | head -2; echo junk | bunzip2; echo $?; cp tree/numbers bz; bzip2 bz; ls bz*; bunzip2 bz.bz2; ls bz*; printf "\3757zXZ\000junk" | unxz; echo $?; echo junk | unlzma; echo $?'
run 'cd tree; find . | sort | cpio -o -H newc > ../t.cpio; cd ..; cpio -t < t.cpio; cpio -tv < t.cpio 2> /dev/null | awk "{print \$1, \$2, \$3, \$4, \$NF}"'
run 'mkdir cp; cd cp; cpio -i < ../t.cpio; find . | sort; stat -c "%a %h %s %n" numbers c/hard a/hello c; cmp numbers ../tree/numbers; echo $?; cpio -i < ../t.cpio; echo $?; cpio -iu < ../t.cpio; echo $?'
run 'mkdir cq; cd cq; cpio -id "a/*" < ../t.cpio; find . | sort; echo garbagegarbage | cpio -t; echo $?; head -c 400 ../t.cpio | cpio -t; echo $?'
run 'find tree -exec touch -h -t 202401020304.05 {} +; cp -a tree copy; diff -r tree copy; echo $?; (cd tree; find . -exec stat -c "%a %u %g %h %Y %n" {} +) | grep -v link | sort -k6 > s1; (cd copy; find . -exec stat -c "%a %u %g %h %Y %n" {} +) | grep -v link | sort -k6 > s2; diff s1 s2; cat s2; cp -r tree cr2; stat -c "%a %u %n" cr2/a/hello; cp -p tree/a/hello hp; stat -c "%a %u %g %Y" hp; cp -d tree/a/link dl; readlink dl; cp -L tree/a/link fl; stat -c "%F %s" fl; cp -rl tree hl; stat -c %h tree/empty; cp -rs /w/tree sl; readlink sl/numbers; cp -u tree/numbers nn; cp -f tree/numbers nn; cp -n tree/empty nn 2> /dev/null; stat -c %s nn; cp -v tree/empty ve'
run 'printf "!<arch>\nhello/          0           0     0     100644  6         \140\nhello\n" > lib.a; ar -t lib.a; ar -p lib.a; unzip nosuch; printf "PK\005\006\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000" > e.zip; unzip -l e.zip; rpm2cpio nosuch; dpkg-deb -c nosuch; uncompress nosuch'
run 'i=0; while [ $i -lt 5 ]; do dd if=tree/numbers of=piece.$i bs=400 skip=$i count=1 2> /dev/null; i=$((i + 1)); done; ls piece.*; cat piece.* | cmp - tree/numbers; echo $?; wc -c piece.*; dd if=tree/numbers ibs=100 obs=300 2>&1 > /dev/null; dd if=tree/numbers bs=1k count=1 iflag=skip_bytes skip=10 2> /dev/null | head -1; dd if=tree/numbers of=/dev/null bs=0; dd bs=x; dd if=tree; dd if=/dev/zero of=/nosuch/x count=1; dd if=/dev/zero of=/dev/full count=1; echo x > /dev/full; echo $?'
run 'i=0; while [ $i -lt 40 ]; do mkdir -p many/d$((i % 8)); seq $i $((i + 30)) > many/d$((i % 8))/file$i; i=$((i + 1)); done; find many -type f | wc -l; tar cf - many | gzip | gunzip | tar tf - | sort | head -60; find many | head -50; find many -type f | sort | xargs md5sum | head -40; tar cf - many | md5sum | wc -c; rm -r many; ls many'
end_part
