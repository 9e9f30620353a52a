# What the recipes share: fetching a source package of a pinned version, and unpacking it.
# Sourced by ports/build, which has made the repository's top the current folder and set $port.
#
# The sources come from the distribution's own archive, of a suite that the machine itself need not use: a
# configuration of apt below build/ports/apt, with lists and caches of its own, leaves the machine's alone.
# Nothing here trusts the archive: every file is compared with the sum that stands in the recipe.

port_apt_folder=$PWD/build/ports/apt

port_fail() { # WORDS...
    echo "ports: $port: $*" >&2
    exit 1
}

# Prints the address of the archive that this machine's apt is set up with.
port_archive_address() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' "Created-By: Packages" 2> /dev/null |
        awk '$2 !~ /-/ { print $1; exit }'
}

# apt-get with the configuration of one suite.
port_apt() { # SUITE COMMAND...
    local suite=$1
    shift
    apt-get -q -o Dir::Etc::SourceList="$port_apt_folder/$suite.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$port_apt_folder/lists" -o Dir::Cache="$port_apt_folder/cache" \
        -o APT::Get::List-Cleanup=0 -o APT::Sandbox::User=root "$@"
}

port_apt_prepare() { # SUITE
    local address
    address=$(port_archive_address)
    [ -n "$address" ] || port_fail "apt on this machine names no archive"
    mkdir -p "$port_apt_folder/lists/partial" "$port_apt_folder/cache/archives/partial"
    echo "deb-src [trusted=yes] $address $1 main" > "$port_apt_folder/$1.list"
    port_apt "$1" update
}

# Compares the files of the current folder with the recipe's sums, one `SUM  NAME` a line.
port_sums_hold() { # SUMS
    sha256sum --check --quiet --strict <<< "$1" > /dev/null 2>&1
}

# Leaves the source package's files in build/ports/download and the unpacked tree in $port_source.
port_fetch_source() { # PACKAGE VERSION SUITE SUMS
    local download=$PWD/build/ports/download log=$PWD/build/ports/$port.fetch.log
    mkdir -p "$download"
    if ! (cd "$download" && port_sums_hold "$4"); then
        echo "ports: fetching $1 $2"
        { port_apt_prepare "$3" && cd "$download" && port_apt "$3" source --download-only "$1=$2" && cd -; } \
            > "$log" 2>&1 || port_fail "could not fetch $1 $2 of $3: $log"
        (cd "$download" && port_sums_hold "$4") || port_fail "$1 $2 is not what the recipe expects"
    fi
    rm -rf "$port_source"
    dpkg-source --no-check -x "$download/${1}_${2#*:}.dsc" "$port_source" > "$log" 2>&1 ||
        port_fail "could not unpack $1: $log"
}
