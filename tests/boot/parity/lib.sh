# Sourced by every part: runs one command after another in a shell of its own, and says how it ended.
# Commands must not print while a child of theirs may end: busybox runs awk and others in the shell's process, with its handler of
# SIGCHLD, which does not restart calls; a write to the terminal that it interrupts is lost, on Linux with several CPUs too.
# run 'COMMAND' or run with the command as its input (a here-document).
export PATH=/bin TZ=UTC LC_ALL=C HOME=/root
umask 022
count=0
run() {
    if [ $# -gt 0 ]; then
        command=$1
    else
        command=$(cat)
    fi
    count=$((count + 1))
    echo "## $count: $command"
    sh -c "$command" 2>&1 < /dev/null
    echo "-> $?"
}
start_part() { # NAME: an empty work folder
    part=$1
    echo "#### part $part"
    rm -rf /w
    mkdir -p /w
    cd /w
}
end_part() {
    cd /
    echo "#### end $part $count"
}
