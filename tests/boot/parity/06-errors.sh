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
run './as "cat through/known; ls through; cat through/unknown; ls listonly; cat listonly/f; ls -l listonly; echo drop/*; touch drop/n; ls drop; cd through && pwd; ls; cat known; cd /; ls /w | head -3"'
run './as "touch sticky/a; rm sticky/root; mv sticky/root sticky/b; mv sticky/a sticky/c; rm -f sticky/c; ls sticky; echo x > sticky/root; mkdir sticky/d; rmdir sticky/d; ln sticky/root sticky/l; chmod 755 sticky"'
run './as "cp open/f /tmp/n; chmod 4755 /tmp/n; chgrp root /tmp/n; chgrp users /tmp/n; chown nobody:nogroup /tmp/n; stat -c %a:%U:%G /tmp/n; touch -t 202001010000 /tmp/n; touch open/f; touch -t 202001010000 open/f; ls -l /tmp/n | cut -c1-10; rm /tmp/n; rm open/f"; rm -f /tmp/s'
run 'echo ro > ro; chmod 444 ro; ./as "cat ro; echo x > ro"; echo x > ro; cat ro; chmod 0 ro; cat ro; ./as "cat ro; test -r ro; echo \$?"; test -r ro; echo $?; test -x ro; echo $?; chmod 1 ro; test -x ro; echo $?; chmod 100 open; ls open > /dev/null; echo $?; chmod 755 open'
run './as "mknod c c 1 3; mknod /tmp/c c 1 3; mkfifo /tmp/ff; stat -c %U:%a /tmp/ff; rm /tmp/ff; mount -t tmpfs none /mnt; umount /proc; hostname x; chroot /; kill -9 1; kill -0 1; swapon x; date -s 1200; sysctl -w kernel.hostname=x; reboot -f" 2>&1 | grep -v Usage'
run './as "echo > /etc/passwd; ls -l /root; cat /dev/kmsg; echo x > /dev/console; ulimit -Hn 100; ulimit -Hn 200; ulimit -n 100; ulimit -n; su root -c id" < /dev/null 2>&1 | head -12'
run './as "sleep 3 & kill \$!; sleep 0.1; wait \$!; echo \$?; cat /proc/self/status | grep -E ^[UG]id; ls -ld /proc/self/ | cut -c1-10; readlink /proc/1/exe; ls /proc/1/fd; cat /proc/1/comm; readlink /proc/1/cwd; cat /proc/1/maps; cat /proc/1/environ"'
run 'printf "#!/bin/sh\nid -u\n" > suid.sh; chmod 4755 suid.sh; ./as ./suid.sh; mkdir own; cp /bin/busybox own/id; chmod 4755 own/id; ./as "own/id"; chmod 2755 own/id; ./as "own/id"; chmod 755 own/id; ./as "own/id -u"; chmod 644 own/id; ./as "own/id -u"; own/id; chmod 700 own/id; ./as own/id; own/id -un'
for tool in cat ls 'ls -l' rm rmdir 'rm -r' 'rm -f' 'chmod 1' 'chown 1' readlink stat cd . sh head tail sort 'grep x' \
    'sed p' 'awk 1' wc 'cut -c1' 'tar cf x.tar' gzip od md5sum 'cmp rootfile' 'diff rootfile' find du tac rev \
    'mktemp -p' chroot strings uniq fold nl base64 expand 'mount' umount 'date -r' 'chgrp 0' unlink env setsid \
    realpath 'test -e' '[ -f' hexdump 'mv -f' 'touch -c' exec 'cat <' \
    'ls -d' 'truncate -c -s 1' 'cpio -F' 'ed' 'bc' 'dc' 'xxd' 'crc32' 'sha1sum' 'split' 'paste'; do
    run "$tool nosuch"
done
run '{ time nosuch; } 2>&1 | sed "s/[0-9.]*s$/s/"'
for command in 'cp nosuch x' 'mv nosuch x' 'ln nosuch y' 'touch nosuch/x' 'ln -s x nosuch/x' 'mkdir nosuch/x' \
    'mkfifo nosuch/x' 'mknod nosuch/x p' 'truncate -s 1 nosuch/x' 'tee nosuch/x' 'dd if=nosuch' 'echo x > nosuch/x' \
    'dd if=/dev/zero of=nosuch/x count=1' './nosuch' 'nosuch/x' 'xargs nosuch' 'cp -a nosuch/. x' 'rm nosuch/x'; do
    run "$command"
done
for command in 'cat F/x' 'ls F/x' 'ls F/' 'cp F F/x' 'mv F F/x' 'rm F/x' 'rmdir F' 'mkdir F/x' 'chmod 1 F/x' \
    'touch F/x' 'ln -s x F/x' 'cd F' 'stat F/x' 'readlink F/x' 'echo x > F/x' 'mkdir F' 'mkfifo F' 'ln -s x F' \
    'ln open/f F' 'mv open F' 'mv -T F open' 'find F/x' 'F/x' './F/x' 'cat F/' 'cat F/.' 'cat F/..' 'chroot F' \
    'mount -t tmpfs none F' 'umount F' 'readlink F' 'ls F/../F' 'test -e F/; echo $?' 'test -d F/; echo $?'; do
    run "$(echo "$command" | sed 's/F/rootfile/g')"
done
for command in 'rmdir D' 'rm D' 'cat D' 'echo x > D' 'echo x >> D' 'cat < D' 'cp D x' 'head D' 'tail D' 'wc D' 'sort D' \
    'grep x D' 'sed p D' 'awk 1 D' 'od D' 'md5sum D' 'dd if=D' 'dd if=/dev/null of=D' 'truncate -s 0 D' 'tee D' \
    'cmp D D' 'gzip -c D' 'tac D' 'ed D' 'patch D' 'sh D' './D' '. D' 'ln D h' 'unlink D' 'exec 3<> D' 'mkdir D' \
    'mkdir D/' 'mkdir D/.' 'mkdir D/..' 'rmdir D/.' 'rmdir D/..' 'mv D D/in' 'mv D D' 'ln -s x D/f' 'touch D/f/' \
    'echo x > D/new/' 'mkdir D/new/; ls -d D/new; rmdir D/new/' 'cp rootfile D/new/' 'readlink D' 'mv D/. x' \
    'mv nosuch D' 'ln -s loop loop; cat loop' 'cat loop/x' 'cd loop' 'ls loop/' 'stat loop/' 'rm loop; ls loop' \
    'kill -9 99999' 'kill -0 0' 'chmod 99 D' 'chown nosuch D' 'umask 99' 'mknod x c 999999999999 1' 'ulimit -n x'; do
    run "$(echo "$command" | sed 's/\bD\b/open/g')"
done
run 'mkdir m; mount -t tmpfs none m; echo x > m/f; mv m/f r; ls m r; ln r m/l; mv m n; rmdir m; rm -rf m; mount -t tmpfs none m; echo y > m/y; ln m/y out; mv r m/; ls m; cp -l m/y out; umount m; ls m; rmdir m; umount m; mount -t nosuch none /mnt; mount -t tmpfs none /nosuch; mount -t tmpfs none rootfile; umount /nosuch; umount /w; umount /'
run 'i=0; p=a; while [ $i -lt 12 ]; do p=$p$p; i=$((i + 1)); done; touch $p 2>&1 | tail -c 20; ls x/$p 2>&1 | tail -c 20; mkdir $p 2>&1 | tail -c 20; cat $p 2>&1 | tail -c 20; $p 2>&1 | tail -c 12; ln -s $p sl 2>&1 | tail -c 20; p=$(printf %04090d 0); ln -s $p sl; echo $?; readlink sl | wc -c; cat sl 2>&1 | tail -c 20; test -e $p; echo $?; cd $p 2>&1 | tail -c 20'
run 'sh -c "exec 99< /dev/null"; sh -c "echo x >&9"; sh -c "cat <&7"; sh -c "exec 3<&8"; echo x > ""; cat < ""; sh -c "ls > /nosuch/x"; sh -c "ls > /w"; echo x > /proc/nosuch; echo x > /proc/uptime; echo x > /dev/nosuch/x; cat /dev/nosuch; cat /dev/full | head -c 3 | od -c; echo > /dev/full; cat /dev/null; dd if=/dev/zero of=/dev/null count=2; read x < /dev/null; echo $?; cat /dev/zero | head -c 5 | od -c; head -c 4 /dev/urandom | wc -c; head -c 4 /dev/random | wc -c; rm /proc/uptime; mkdir /proc/x; touch /proc/x; mv /proc/uptime x; ln /proc/uptime x; chmod 777 /proc/uptime; cat /proc/uptime | wc -w; mkdir /proc/self/x; ls -l /proc/self | cut -c1'
for command in 'cut' 'sort -Q' 'cat -Q' 'tail -n x' 'head -n x' 'find -Q' 'test 1 2 3' '[ 1' '[ a b ]' 'expr' 'expr 1 +' \
    'seq a' 'sleep x' 'kill -l 999' 'date +' 'basename' 'mktemp -Q' 'uname -Q' 'cal 13 2000' 'od -Q' 'printf %d x' \
    'printf %q' 'test -z' 'test x =' '[ 1 -gt a ]' 'let' 'return 5' 'break' 'shift 5' 'unset 1x' 'export 1x=2' \
    'trap x NOSUCH' 'wait x' 'getopts' 'read' 'cd a b' 'eval "("' 'fi' 'case x in' 'f(' 'echo ${x' 'a=(1 2)' '&' ';;' \
    '| x' '< ' '> ' '<<' 'umask xyz' 'exit abc' 'ulimit -Q' 'jobs %1' 'fg' 'bg' 'hash nosuch' 'type' 'test -f'; do
    run "$command"
done
end_part
