# The hunts, one function each: all leave nothing behind. $1 is the round. Sourced by stress/init.

# Many children at once, some waited for, some left to pid 1, some killed.
hunt_forks() {
    for i in 1 2 3 4 5 6 7 8; do
        (for j in 1 2 3 4 5; do /bin/true & done; wait) &
        (sleep 60 & sleep 60 & kill %1 %2) 2> /dev/null &
        sh -c '(usleep 2000) & exec true' &
    done
    wait
}

# Pipelines of different lengths, some of whose readers leave early.
hunt_pipes() {
    seq 20000 | sort -r | sort -n | tail -n 1
    yes | head -n 1000 | wc -l
    for i in 1 2 3 4; do dd if=/dev/zero bs=64k count=8 2> /dev/null | cat | cat | md5sum & done
    wait
    cat /dev/zero | head -c 300000 | tee /dev/null | wc -c
}

# Trees of files: made, archived, found, copied, changed, taken away.
hunt_files() {
    mkdir tree && cd tree
    for i in $(seq 12); do mkdir -p d$i/e && (cd d$i/e && touch $(seq 60)); done
    find . -type f | while read -r f; do echo "$f" > "$f"; done
    find . -type f -name '*7' -exec ln {} {}.hard \; -exec ln -s {} {}.soft \;
    tar -cz . > ../tree.tgz
    mkdir ../copy && tar -xz -C ../copy < ../tree.tgz
    find ../copy | wc -l
    for i in $(seq 12); do mv d$i r$i; done
    dd if=/dev/zero of=big bs=64k count=30 2> /dev/null && truncate -s 10000 big
    cd .. && rm -r tree copy tree.tgz
}

# One directory with very many names, in parallel.
hunt_names() {
    mkdir many
    for k in a b c d; do (cd many && for i in $(seq 400); do : > $k-$i; done) & done
    wait
    ls many | wc -l
    for k in a b c d; do (cd many && for i in $(seq 400); do mv $k-$i z$k-$i; done; rm -f z$k-*) 2> /dev/null & done
    wait
    rm -r many
}

# Signals of every kind to processes that come and go.
hunt_kills() {
    for i in 1 2 3 4 5 6; do
        sh -c 'trap "exit 7" TERM; trap : USR1; while :; do usleep 1000; done' & victims="$victims $!"
    done
    for i in 1 2 3 4 5; do kill -USR1 $victims; kill -STOP $victims; kill -CONT $victims; done 2> /dev/null
    usleep 20000
    kill $victims 2> /dev/null; usleep 20000; kill -KILL $victims 2> /dev/null
    wait; victims=
}

# Mounts over mounts, busy ones taken away lazily.
hunt_mounts() {
    mkdir m
    for i in 1 2 3 4 5; do
        mount -t tmpfs -o size=1m tmpfs m && echo text > m/file && mkdir m/below
        mount -t proc proc m/below && cat m/below/self/stat > /dev/null
        mount --bind m/below m/below
        umount m/below && umount m/below
        exec 9< m/file; umount m 2> /dev/null || umount -l m; cat <&9 > /dev/null; exec 9<&-
    done
    (for i in $(seq 20); do mount -t tmpfs tmpfs m; umount m; done) 2> /dev/null &
    (for i in $(seq 20); do ls -R m > /dev/null; stat m > /dev/null; done) &
    wait
    while umount m 2> /dev/null; do :; done
    rmdir m
}

# Named pipes whose ends open, close, and are killed while they wait. Only shells without children open them, since the
# end of a child interrupts an open.
hunt_fifos() {
    mkfifo f g
    for i in $(seq 15); do (echo $i > f) & cat f; done
    wait
    cat < f > g & (seq 3000 > f) & (wc -l < g)
    cat f > /dev/null & waiter=$!
    echo > g & writer=$!
    usleep 5000; kill $waiter $writer 2> /dev/null; wait
    rm f g
}

# /proc read while processes come and go.
hunt_proc() {
    (for i in $(seq 60); do /bin/true; done) &
    (for i in $(seq 30); do (exec sleep 0.001); done) &
    for i in 1 2 3 4 5; do
        cat /proc/[0-9]*/stat /proc/[0-9]*/maps /proc/[0-9]*/status /proc/[0-9]*/cmdline > /dev/null 2>&1
        ls -lR /proc > /dev/null 2>&1
        ps -o pid,ppid,pgid,sid,stat,vsz,rss,comm,args > /dev/null
        find /proc /sys -type f -path '*st*' > /dev/null 2>&1
    done
    wait
}

# A fork bomb, as somebody else, held by the limit on processes.
hunt_bomb() {
    timeout 5 su nobody -s /bin/sh -c 'ulimit -u 30
        bomb() { bomb 2> /dev/null & bomb 2> /dev/null & usleep 20000; }
        bomb & usleep 150000' 2> /dev/null
    for i in 1 2 3 4 5 6 7 8 9; do
        su nobody -s /bin/sh -c 'kill -KILL -1' 2> /dev/null
        usleep 5000
    done
}

# Programs that take memory until they are stopped, and the machine goes on. Big files go into the root, too.
hunt_memory() {
    for i in 1 2 3; do awk 'BEGIN { s = "0123456789abcdef"; while (1) { s = s s; } }' & done 2> /dev/null
    dd if=/dev/zero of=full bs=1M count=600 2> /dev/null
    rm -f full
    wait
} 2> /dev/null

# Most of the above side by side.
hunt_mix() {
    for part in forks pipes files names kills mounts fifos proc; do
        (mkdir mix-$part && cd mix-$part && hunt_$part $1) 2> /dev/null &
    done
    wait
    rm -r mix-*
}

# The same while programs take all memory; who is stopped for it leaves files, mounts and processes behind.
hunt_crush() {
    hunt_mix $1 &
    for i in 1 2 3 4 5 6; do
        awk 'BEGIN { s = "0123456789abcdef"; while (1) { s = s s; } }'
        usleep 200000
    done
    wait
    for i in 1 2 3 4 5; do kill -KILL $(ls /proc | grep '^[0-9]*$' | grep -vx -e 1 -e $$) ; usleep 20000; done
    while umount -l /work/mix-mounts/m || umount -l /work/m; do :; done
    rm -rf mix-*
} 2> /dev/null
