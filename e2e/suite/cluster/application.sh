# The application of the end-to-end tests: prints its file when it starts and whenever it has changed.
trap 'exit 0' TERM
seen=
while :; do
    now=$(cat /vault/secrets/config 2>&1)
    if [ "$now" != "$seen" ]; then
        seen=$now
        printf '%s\n' "$now"
    fi
    sleep 0.2 &
    wait $!
done
