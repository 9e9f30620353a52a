# A short slice of the other parts, for every `make test`: the distribution's shells, coreutils, find, tar and gzip.
. /parity/lib.sh
start_part slice
run 'mkdir -p a/b; seq 2000 > a/n; ln a/n a/b/hard; ln -s ../n a/b/soft; mkfifo a/pipe; ls -lR --time-style=+ a | cut -c1-32'
run 'tar cf a.tar a; mkdir x; tar xpf a.tar -C x; find x -printf "%y %m %s %P %l\n" | sort; gzip -c a.tar | gunzip | cmp - a.tar && echo same'
run 'cp --sparse=always /bin/true s; cmp s /bin/true && echo same; truncate -s 1M h; stat -c "%s %b" h; sort -R a/n | sort -n -S 20k | md5sum; sha256sum a/n; wc a/n'
run 'grep -c 7 a/n; sed -n "5p;\$=" a/n; find a -type f -exec wc -c {} + | sort; timeout 0.5 sleep 9; echo $?; nowhere; echo $?; cat a; rm a'
run 'bash -c "a=(1 2 3); echo \${a[@]:1}; cat <(echo inner); read x <<< here; echo \$x; trap \"echo bye\" EXIT; (exit 4); echo \$?; sleep 9 & sleep 1; kill \$!; wait \$!; echo \$?; coproc cat; echo hi >&\${COPROC[1]}; read y <&\${COPROC[0]}; echo \$y; set -o pipefail; false | true; echo \$?"'
run 'for i in 1 2 3 4 5 6 7 8; do (exit $i) & done; wait; (trap "echo term; exit 9" TERM; sleep 50 & wait) & sleep 1; kill $!; wait $!; echo $?; flock x true; id -u; setsid true; echo $?'
end_part
