#!/bin/sh
# Creates a budget and a key, calls a model, and reads its cost. Needs curl and a running server.
#
#   PURSER_ADMIN_KEY=... sh examples/curl.sh

set -eu
url="${PURSER_URL:-http://127.0.0.1:4141}"
admin="Authorization: Bearer $PURSER_ADMIN_KEY"
json="Content-Type: application/json"

curl -fsS -X POST "$url/api/v1/budgets" -H "$admin" -H "$json" \
  -d '{"budget_id":"example","budget_type":"project","resource_id":"example","amount":"0.01","period":"day"}'
echo

made=$(curl -fsS -X POST "$url/api/v1/keys" -H "$admin" -H "$json" \
  -d '{"name":"example","attribution":{"project":"example"},"may_refine":["user"]}')
key=$(printf '%s' "$made" | sed 's/.*"key":"\([^"]*\)".*/\1/')

curl -fsS "$url/v1/chat/completions" -H "Authorization: Bearer $key" -H "$json" \
  -d '{"model":"sim/sim-small","max_tokens":200,"messages":[{"role":"user","content":"Hello"}]}'
echo

curl -fsS "$url/api/v1/entries?project=example&limit=1" -H "$admin"
echo
curl -fsS "$url/api/v1/budgets/example" -H "$admin"
echo
