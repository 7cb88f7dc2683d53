#!/usr/bin/env bash
# A real Apache Kafka without Docker: one broker on loopback, from its own jars.
#
#   kafka.sh jars                                    fetch the jars, once (Maven)
#   kafka.sh run  FOLDER [PORT [CONTROLLER_PORT]]    become the broker: for tests and supervisors
#   kafka.sh up   [FOLDER [PORT]]                    start it, say when it is ready, stop on Ctrl-C
#
# KAFKA_LIBS   where the jars lie                    (.kafka/libs in the repository)
# KAFKA_HEAP   the most memory for the broker        (768m)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
libs=${KAFKA_LIBS:-$root/.kafka/libs}

need() {
    command -v "$1" >/dev/null || { echo "kafka.sh: $1 is not installed; $2" >&2; exit 3; }
}

jars() {
    [[ -e $libs/.complete ]] && return
    need mvn "install Maven (Debian: maven)."
    mkdir -p "$libs"
    # Two test runs may start at the same moment in one clone.
    exec 9>"$libs/.lock"
    flock 9
    if [[ ! -e $libs/.complete ]]; then
        echo "kafka.sh: fetching Kafka's jars" >&2
        mvn -q -B -Dstyle.color=never -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$libs" >&2
        touch "$libs/.complete"
    fi
    exec 9>&-
}

prepare() {
    local folder=$1 port=$2 controller=$3
    need java "install Java 17 or later (Debian: openjdk-17-jre-headless)."
    mkdir -p "$folder"
    sed -e "s|@FOLDER@|$folder|" -e "s|@PORT@|$port|" -e "s|@CONTROLLER_PORT@|$controller|" \
        "$here/server.properties.in" >"$folder/server.properties"
    [[ -e $folder/data/meta.properties ]] && return
    # Kafka's form of a UUID: 16 bytes in URL-safe base64, which may not begin with a hyphen.
    local id=K$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 2-22)
    java -cp "$libs/*" kafka.tools.StorageTool format --standalone -t "$id" \
        -c "$folder/server.properties" >"$folder/format.log" 2>&1 ||
        { cat "$folder/format.log" >&2; exit 4; }
}

# `exec`: the process that is started is the broker itself, so that a signal meets the right one.
run() {
    local folder port=${2:-9092}
    local controller=${3:-$((port + 1))}
    mkdir -p "$1" && folder=$(cd "$1" && pwd)
    jars
    prepare "$folder" "$port" "$controller"
    exec java -Xms256m -Xmx"${KAFKA_HEAP:-768m}" -Djava.awt.headless=true \
        -Dlog4j2.level=INFO -cp "$libs/*" kafka.Kafka "$folder/server.properties"
}

up() {
    local folder=${1:-$root/.kafka/broker} port=${2:-9092} log broker
    mkdir -p "$folder" && log=$folder/broker.log
    jars
    : >"$log"
    "${BASH_SOURCE[0]}" run "$folder" "$port" >"$log" 2>&1 &
    broker=$!
    trap 'kill -TERM $broker 2>/dev/null || true' INT TERM
    for _ in $(seq 300); do
        grep -q 'Kafka Server started' "$log" && break
        kill -0 $broker 2>/dev/null || { tail -20 "$log" >&2; exit 1; }
        sleep 0.2
    done
    grep -q 'Kafka Server started' "$log" || { echo "kafka.sh: not ready after 60 s" >&2; kill $broker; exit 1; }
    echo "Kafka is ready on 127.0.0.1:$port. Data in $folder, log in $log. Ctrl-C stops it."
    # The first wait ends with the signal, the second with the broker.
    wait $broker || true
    wait $broker 2>/dev/null || true
    echo "Kafka has stopped."
}

case ${1:-} in
    jars) jars ;;
    run) shift; run "$@" ;;
    up) shift; up "$@" ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
