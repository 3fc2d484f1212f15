#!/usr/bin/env bash
# That the steps of models run on many neurons at once in the program that users run: tests/vectors.sh PROGRAM
#
# A loop that is not vectorised gives the same bits, five to twenty times as late, and nothing else tells: one word in the driver of all
# models has done that. The time of each model is compared with that of adding a constant current to the same neurons, in one run; the
# bounds are 2.5 times what was measured with AVX2, five times that of AVX-512, and what is not vectorised is beyond them. Of either the
# least of three runs counts.
set -euo pipefail

grep -q avx2 /proc/cpuinfo 2> /dev/null || exit 0
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The time (µs) of a behaviour in an iteration, as the report has it.
time_of() { tr -d ' \n' < "$folder/run/report.json" | grep -o "\"name\":\"$1\",\"microseconds\":[0-9.]*" | head -n 1 | cut -d : -f 3; }

least() { printf '%s\n' "$@" | sort -g | head -n 1; }

while read -r bound model fields; do
    echo "(dt: 0.1, iterations: 3000, groups: {\"cells\": (size: 10000, behaviours: [$model($fields), ConstantCurrent(amplitude: 1)])})" \
        > "$folder/scene.ron"
    own=() current=()
    for _ in 1 2 3; do
        "$program" run "$folder/scene.ron" --out "$folder/run" --threads 1 --no-plots -q --force
        own+=("$(time_of "$model")") current+=("$(time_of ConstantCurrent)")
    done
    ratio=$(awk "BEGIN { print $(least "${own[@]}") / $(least "${current[@]}") }")
    awk "BEGIN { exit !($ratio <= $bound) }" || { echo "$model($fields) takes $ratio times a current, more than $bound"; exit 1; }
    [ -z "${VERBOSE:-}" ] || echo "$model($fields): $ratio of $bound"
done << 'MODELS'
25 Izhikevich
45 Izhikevich v_steps: 2
30 Izhikevich a: "0.02 + 0*i"
18 Lif
26 Lif threshold: "-50 + 0*i"
65 Izhikevich2007
220 ExponentialIf
250 AdEx
320 FitzHughNagumo
800 HodgkinHuxley
830 TraubMiles
MODELS
