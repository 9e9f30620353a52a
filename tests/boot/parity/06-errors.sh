# What failing commands say: as root, and as a user who may not.
. /parity/lib.sh
start_part errors
mkdir -m 755 open
mkdir -m 700 private
mkdir -m 1777 sticky
mkdir -m 733 drop
mkdir -m 711 through
mkdir -m 744 listonly
echo secret > private/f
echo root > rootfile
chmod 600 rootfile
echo public > open/f
echo in > through/known
echo in > listonly/f
echo mine > sticky/root
chmod 755 .
chown nobody sticky/../drop
cat > as << 'X'
#!/bin/sh
exec su -s /bin/sh nobody -c "$1"
X
chmod 755 as
run 'su -s /bin/sh nobody -c id; su -s /bin/sh nobody -c whoami; su nosuch -c id; echo $?; ./as "echo \$HOME \$USER"; ./as "umask; pwd; groups"'
run './as "cat rootfile; echo x > rootfile; cat private/f; ls private; cd private; ls -d private; stat -c %a private; stat private/f; rm rootfile; mv rootfile x; ln rootfile h; ln -s rootfile /tmp/s; cat /tmp/s; chmod 777 rootfile; chown nobody rootfile; touch rootfile; mkdir newdir; touch newfile"'
run './as "cat through/known; ls through; cat through/unknown; cd through && pwd; ls listonly; cat listonly/f; ls -l listonly; echo drop/*; touch drop/n; ls drop; cd /; ls /w | head -3"'
run './as "touch sticky/a; rm sticky/root; mv sticky/root sticky/b; mv sticky/a sticky/c; rm -f sticky/c; ls sticky; echo x > sticky/root; mkdir sticky/d; rmdir sticky/d; ln sticky/root sticky/l; chmod 755 sticky"'
run './as "cp open/f /tmp/n; chmod 4755 /tmp/n; chgrp root /tmp/n; chgrp users /tmp/n; chown nobody:nogroup /tmp/n; stat -c %a:%U:%G /tmp/n; touch -t 202001010000 /tmp/n; touch open/f; touch -t 202001010000 open/f; ls -l /tmp/n | cut -c1-10; rm /tmp/n; rm open/f"; rm -f /tmp/s'
run 'echo ro > ro; chmod 444 ro; ./as "cat ro; echo x > ro"; echo x > ro; cat ro; chmod 0 ro; cat ro; ./as "cat ro; test -r ro; echo \$?"; test -r ro; echo $?; test -x ro; echo $?; chmod 1 ro; test -x ro; echo $?; chmod 100 open; ls open > /dev/null; echo $?; chmod 755 open'
run './as "mknod c c 1 3; mknod /tmp/c c 1 3; mkfifo /tmp/ff; stat -c %U:%a /tmp/ff; rm /tmp/ff; mount -t tmpfs none /mnt; umount /proc; hostname x; chroot /; kill -9 1; kill -0 1; swapon x; date -s 1200; sysctl -w kernel.hostname=x; reboot -f" 2>&1 | grep -v Usage'
run './as "echo > /etc/passwd; ls -l /root; cat /dev/kmsg; echo x > /dev/console; ulimit -Hn 100; ulimit -Hn 200; ulimit -n 100; ulimit -n; su root -c id" < /dev/null 2>&1 | head -12'
run './as "sleep 3 & kill \$!; wait \$!; echo \$?; cat /proc/self/status | grep -E ^[UG]id; ls -ld /proc/self/ | cut -c1-10; readlink /proc/1/exe; ls /proc/1/fd; cat /proc/1/comm; readlink /proc/1/cwd; cat /proc/1/maps; cat /proc/1/environ"'
run 'printf "#!/bin/sh\nid -u\n" > suid.sh; chmod 4755 suid.sh; ./as ./suid.sh; mkdir own; cp /bin/busybox own/id; chmod 4755 own/id; ./as "own/id"; chmod 2755 own/id; ./as "own/id"; chmod 755 own/id; ./as "own/id -u"; chmod 644 own/id; ./as "own/id -u"; own/id; chmod 700 own/id; ./as own/id; own/id -un'
run 'cat nosuch; ls nosuch; cp nosuch x; mv nosuch x; rm nosuch; rmdir nosuch; chmod 1 nosuch; chown 1 nosuch; touch nosuch/x; ln -s x nosuch/x; ln nosuch y; mkdir nosuch/x; readlink nosuch; stat nosuch; cd nosuch; . ./nosuch; sh nosuch; head nosuch; tail nosuch; sort nosuch; grep x nosuch; sed p nosuch; awk 1 nosuch; wc nosuch; cut -c1 nosuch; tar cf x.tar nosuch; gzip nosuch; od nosuch; md5sum nosuch; cmp nosuch nosuch; diff nosuch nosuch; find nosuch; du nosuch; tac nosuch; rev nosuch; dd if=nosuch; tee nosuch/x < /dev/null; truncate -s 1 nosuch/x; mkfifo nosuch/x; mknod nosuch/x p; mktemp -p nosuch; ./nosuch; nosuch; chroot nosuch; split nosuch; strings nosuch; uniq nosuch; fold nosuch; nl nosuch; base64 nosuch; expand nosuch; cpio -p nosuch < /dev/null; mount nosuch; umount nosuch; hostname -F nosuch; date -r nosuch; chgrp 0 nosuch; unlink nosuch; xargs < nosuch; env nosuch; time nosuch; setsid nosuch; diff rootfile nosuch; patch nosuch < /dev/null; ed nosuch < /dev/null; realpath nosuch; test -e nosuch; [ -f nosuch ]; od -c nosuch; hexdump nosuch'
run 'f=rootfile; cat $f/x; ls $f/x; cp $f $f/x; mv $f $f/x; rm $f/x; rmdir $f; mkdir $f/x; chmod 1 $f/x; touch $f/x; ln -s x $f/x; cd $f; stat $f/x; readlink $f/x; echo x > $f/x; mkdir $f; mkfifo $f; ln -s x $f; ln open/f $f; mv open $f; mv -T $f open; rmdir open; rm open; cat open; echo x > open; cat < open; cp open x; head open; tail open; wc open; sort open; grep x open; sed p open; awk 1 open; od open; md5sum open; dd if=open; truncate -s 0 open; tee open < /dev/null; exec 3<> open; cmp open open; gzip -c open; tac open; ed open < /dev/null; patch open < /dev/null; sh open; ./open; . ./open; source open'
run 'mkdir m; mount -t tmpfs none m; echo x > m/f; mv m/f r; ls m r; ln r m/l; mv m n; rmdir m; rm -rf m; mount -t tmpfs none m; echo y > m/y; ln m/y out; mv r m/; ls m; cp -l m/y out; umount m; ls m; rmdir m; umount m; mount -t nosuch none /mnt; mount -t tmpfs none /nosuch; mount -t tmpfs none rootfile; umount /nosuch; umount /w; umount /'
run 'i=0; p=a; while [ $i -lt 12 ]; do p=$p$p; i=$((i + 1)); done; touch $p 2>&1 | tail -c 20; ls x/$p 2>&1 | tail -c 20; mkdir $p 2>&1 | tail -c 20; cat $p 2>&1 | tail -c 20; $p 2>&1 | tail -c 12; ln -s $p sl 2>&1 | tail -c 20; p=$(printf %04090d 0); ln -s $p sl; echo $?; readlink sl | wc -c; cat sl 2>&1 | tail -c 20; test -e $p; echo $?; cd $p 2>&1 | tail -c 20'
run 'sh -c "exec 99< /dev/null"; sh -c "echo x >&9"; sh -c "cat <&7"; sh -c "exec 3<&8"; echo x > ""; cat < ""; sh -c "ls > /nosuch/x"; sh -c "ls > /w"; echo x > /proc/nosuch; echo x > /proc/uptime; echo x > /dev/nosuch/x; cat /dev/nosuch; cat /dev/full | head -c 3 | od -c; echo > /dev/full; cat /dev/null; dd if=/dev/zero of=/dev/null count=2; read x < /dev/null; echo $?; cat /dev/zero | head -c 5 | od -c; head -c 4 /dev/urandom | wc -c; head -c 4 /dev/random | wc -c; rm /proc/uptime; mkdir /proc/x; touch /proc/x; mv /proc/uptime x; ln /proc/uptime x; chmod 777 /proc/uptime; cat /proc/uptime | wc -w; mkdir /proc/self/x; ls -l /proc/self | cut -c1'
run 'sed; awk; grep; cut; sort -Q; head -x; tail -x; wc -x; chmod; chown; ln; cp; mv; rm; mkdir; rmdir; touch; cat -Q; ls -Q; find -Q; tar -Q; dd --help; stat; test 1 2 3; [ 1; [ a b ]; expr; expr 1 +; printf; seq a; sleep -1; kill -l 999; date +; basename; dirname; cmp; diff; tee -Q < /dev/null; env -Q; xargs -Q < /dev/null; mknod; mkfifo; mktemp -Q; readlink; realpath; id -Q; uname -Q; hostname -Q; nice -n; timeout x; cal 13 2000; bc -Q < /dev/null; od -Q'
end_part
