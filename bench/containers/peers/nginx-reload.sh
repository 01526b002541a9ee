#!/bin/sh
# The usual script for a deployment without downtime: a second container beside the first, nginx told about it, the first
# one stopped. PROJECT, IMAGE, NGINX_CONF and UPSTREAM are set; WAIT is how long it waits before it stops the first.
set -eu

ours() {
  docker ps -q --no-trunc --filter "label=com.docker.compose.project=$PROJECT"
}

old=$(ours)
docker-compose -p "$PROJECT" up -d --no-deps --no-recreate --scale web=2 web
new=$(ours | grep -v "$old")
address=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$new")
curl -fsS -o /dev/null --retry 30 --retry-delay 1 --retry-connrefused "http://$address:8080/health"

echo "server $address:8080;" >"$UPSTREAM"
nginx -c "$NGINX_CONF" -s reload
sleep "$WAIT"
docker stop "$old" >/dev/null
docker rm "$old" >/dev/null
docker-compose -p "$PROJECT" up -d --no-deps --no-recreate --scale web=1 web
