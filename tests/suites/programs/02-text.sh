# grep, sed, gawk, diff, patch, bc, file: text in, text out.
. /parity/lib.sh
start_part text
run 'seq 2000 | sed "s/$/ line/" > f; mkdir d; cp f d/g; printf "Alpha\nbeta\ngamma\n\nalpha beta\n" > t; cp t d/h'
run 'grep -c 7 f; grep -n "^19.9" f; grep -v line f; echo $?; grep -i alpha t; grep -o "[0-9]*99 " f; grep -rl beta . | sort; grep -rc beta d | sort; grep -L beta t f'
run 'grep -E "^(1|2){3} " f; grep -P "(?<=al)pha" t; grep -P "\d{4}(?= line)" f | head -2; grep -F "a b" t; grep -w beta t; grep -x beta t; grep -A1 -B1 gamma t; grep -C1 -n "^$" t; grep -m2 1 f; grep -q x t; echo $?; grep -e a -e m t; printf "beta\n" | grep -f - t'
run 'grep x nowhere; echo $?; grep -s x nowhere; echo $?; grep "[" t; echo $?; grep -b gamma t; grep --color=always beta t | od -c | head -3; grep -z beta t | tr "\0" "\n"; printf "a\0b\n" | grep b; printf "a\0b\n" | grep -a b | od -c; grep -r beta < /dev/null | sort; grep -T -H -n beta t'
run 'sed -n "2,4p;\$=" t; sed "/beta/d" t; sed -E "s/(a)(l)/\2\1/I" t; sed "s/a/X/2" t; sed y/abc/xyz/ t; sed "2i before" t; sed "2a after" t; sed "2c changed" t; sed "/beta/,/gamma/s/^/> /" t; sed = t | sed "N;s/\n/ /"; sed -n "\$!{h;d};H;x;p" t; sed "1~2d" t; sed G t; sed -n "/a/{p;q}" t; sed "s/.*/\U&/;3q5" t; echo $?'
run 'cp t u; sed -i "s/beta/BETA/w written" u; cat u written; sed -i.bak 1d u; ls u*; cmp t u.bak; sed --follow-symlinks -i 1d u; sed -s -n "1F;1p" t u; sed nonsense t; sed -n "1e echo from e" t; sed "1r u" t; sed "1w /dev/stdout" t; sed -z "s/\n/,/g" t; sed ":a;N;\$!ba;s/\n/+/g" t; sed -u 2q f; sed --posix "s/a\|b/x/" t; sed -i 1d nowhere; sed --debug -n p < /dev/null'
run 'gawk "{ s += \$1 } END { print s, NR }" f; gawk -F: "{ print \$1, \$NF }" /etc/passwd; gawk "BEGIN { printf \"%5.2f|%-5s|%05d|%c|%x\n\", 3.14159, \"ab\", 42, 65, 255 }"; gawk "NR % 500 == 0" f; gawk "/Alpha/,/gamma/" t; gawk "length > 5" t; gawk "BEGIN { while ((getline line < \"t\") > 0) n++; print n }"'
run <<'E'
gawk 'BEGIN { "echo from a pipe" | getline x; print x; print "b\na" | "sort"; close("sort"); print system("exit 3"); print toupper("x") substr("abcdef", 2, 3) index("abc", "c"); n = split("a:b:c", p, ":"); print n, p[2]; gsub(/a/, "b", p[1]); print p[1]; print match("foobar", /o+/), RSTART, RLENGTH }'
E
run <<'E'
gawk 'BEGIN { a["x"] = 1; a["y"] = 2; n = asorti(a, b); for (i = 1; i <= n; i++) print b[i]; delete a["x"]; print ("x" in a), length(a); print strftime("%Y", 0, 1), mktime("1970 01 02 00 00 00"); print and(12, 10), or(12, 10), xor(12, 10), lshift(1, 4); print gensub(/(b)/, "<\\1>", "g", "abab"); PROCINFO["sorted_in"] = "@ind_str_asc"; for (k in ENVIRON) if (k == "TZ") print k, ENVIRON[k]; exit 7 }'; echo $?
E
run <<'E'
gawk 'BEGIN { c = "cat"; print "to a coprocess" |& c; close(c, "to"); c |& getline r; print r; print "to stderr" > "/dev/stderr"; printf "x" > "out1"; close("out1"); getline y < "out1"; print y; print -3 % 2, 2 ^ 10, 1e300 * 1e300, log(0), int(-3.7), 017, 0x11 }'
E
run 'gawk "BEGIN { print 1/0 }"; echo $?; gawk "{"; gawk 1 nowhere; gawk -v x=5 "BEGIN { print x * 2 }"; gawk -f /dev/stdin t <<E
{ print NF }
E
echo a,b | gawk "BEGIN { FS = OFS = \",\" } { \$3 = \"c\"; print; print NF }"; gawk "BEGIN { RS = \"\" } { print NR \": \" \$1 }" t; gawk -i inplace "{ print \$0 \"!\" }" u; cat u; gawk "ENDFILE { print FILENAME, FNR }" t u; gawk --version | head -1'
run 'diff t u; diff -u t u | tail -n +3; diff -c t u | tail -n +3; diff -y -W 40 t u; diff -q t u; diff -r . d | sort | head -5; diff t nowhere; diff -s t d/h; diff -i -w t u > /dev/null; echo $?; diff -e t u; bash -c "diff --normal <(seq 5) <(seq 3 7)"'
run 'diff -u t u > p; cp t v; patch v < p; cmp u v && echo same; patch -R v < p; cmp t v && echo same; patch -N v p -o - | head -2; patch --dry-run v < p; seq 9 > v; patch -f v < p; ls v*; cat v.rej | tail -n +3; mkdir -p q/a q/b; seq 5 > q/a/x; seq 2 6 > q/b/x; (cd q; diff -ruN a b > ../pp; true); (cd q/a && patch -p1 < ../../pp && cat x); patch nowhere < p; patch < /dev/null'
run 'diff3 t u t; sdiff -s -w 40 t u; cmp t u; cmp -l t u | head -3; cmp -n 3 t u; cmp t nowhere; cmp -i 2:3 t u'
run 'echo "scale=20; 4*a(1)" | bc -l; echo "2^200; obase=16; 255; ibase=2; 1010" | bc; echo "define f(n) { if (n < 2) return 1; return n * f(n - 1); } f(30)" | bc; echo "1/0" | bc; echo "5 3 * p 2 ^ p" | dc 2> /dev/null; echo "sqrt(2)" | bc -l'
run 'file t /bin/true d /dev/null /dev/zero p | sed "s/BuildID.*//;s/, dynamically.*//"; file -b --mime-type t; file nowhere; file -s /dev/null; ln -s t tl; file tl; printf "\037\213\010\000\000\000\000\000" > z.gz; file z.gz'
run 'column -t <<E
a bb ccc
dddd e f
E
rev t; hexdump -e "4/1 \"%02x\" \"\n\"" -n 8 t; look al /dev/null; getopt -o ab:c -l long: -- -a -b x --long y z; mcookie | wc -c; cal 2 2024 2> /dev/null | head -2; colrm 2 3 < t; ul < t'
end_part
