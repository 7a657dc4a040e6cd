"""Prints the matrix of the results and why what failed did; then holds the usage records against the providers' bills."""
import collections
import decimal
import json
import os
import re
import sys
import time
import urllib.request

SETTINGS = json.loads(os.environ["TOLLGATE_CLIENTS"])
MARK = re.compile(r"\(case ([0-9a-f]{32})\)")
UNCERTAIN = {"broken-stream"}  # the gateway cannot know what the provider bills: it charges what it reserved


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def matrix(plans, results):
    """Prints a row for each client and provider; returns the reasons of what failed or was planned and not run."""
    cells = {(r["client"], r["provider"], r["scenario"]): r for r in results}
    planned = {(plan["client"], provider, scenario) for plan in plans for provider, scenario in plan["plan"]}
    scenarios = list(dict.fromkeys(r["scenario"] for r in results))
    scenarios += sorted({scenario for _, _, scenario in planned} - set(scenarios))
    width = max((len(plan["client"]) for plan in plans), default=10)
    print(f"{'client':{width}}  {'provider':13}  " + "  ".join(scenarios))
    reasons = []
    for plan in plans:
        client = plan["client"]
        for provider in dict.fromkeys(name for name, _ in plan["plan"]):
            row = []
            for scenario in scenarios:
                place = (client, provider, scenario)
                if place in planned:
                    cell = cells.get(place, {"ok": False, "reason": "it was not run"})
                    word = "ok" if cell["ok"] else "FAIL"
                    if not cell["ok"]:
                        reasons.append(f"{client} -> {provider}, {scenario}: {cell['reason']}")
                else:
                    word = "-"
                row.append(word.ljust(len(scenario)))
            print(f"{client:{width}}  {provider:13}  " + "  ".join(row))
    return reasons


def bills(results):
    """What the providers billed and what the gateway recorded, by case; returns where they differ."""
    cases = {r["mark"]: r for r in results}
    billed = collections.defaultdict(list)
    for simulator in {p["simulator"] for p in SETTINGS["providers"]}:
        marks = {}
        for request in json.loads(get(simulator + "/_sim/requests?limit=1000")):
            marks[request["requestId"]] = dict.fromkeys(MARK.findall(request["body"]))
        for call in json.loads(get(simulator + "/_sim/calls?limit=1000000")):
            if call["outcome"] != "REFUSED":
                billed[" ".join(marks.get(call["requestId"], ["unknown"]))].append(call)
    deadline = time.monotonic() + 10
    while True:
        recorded = collections.defaultdict(list)
        for record in lines(SETTINGS["usage"]):
            recorded[record["trace_id"]].append(record)
        if all(len(recorded[mark]) >= len(calls) for mark, calls in billed.items()) or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    wrong, total = [], decimal.Decimal(0)
    for mark in {**billed, **recorded}:
        calls, records = billed.get(mark, []), recorded.get(mark, [])
        result = cases.get(mark)
        where = f"{result['client']} -> {result['provider']}, {result['scenario']}" if result else f"case {mark}"
        nanos = sum(call["nanos"] for call in calls)
        dollars = sum((decimal.Decimal(record["cost_usd"]) for record in records), decimal.Decimal(0))
        total += dollars
        for call, record in zip(calls, records):
            if "endpoint" in call and [record.get("endpoint"), record.get("n")] != [call["endpoint"], call["n"]]:
                wrong.append(f"{where}: {record} does not tell of {call['n']} of {call['endpoint']}")
        if result and result["scenario"] in UNCERTAIN:
            agree = dollars * 10**9 >= nanos
        else:
            agree = dollars * 10**9 == nanos
        if not agree or calls and not records:
            wrong.append(f"{where}: billed {nanos} nano-dollars for {len(calls)} calls, recorded {dollars} dollars in {len(records)}")
    newest = [json.loads(line) for line in get(SETTINGS["admin"] + "/usage?limit=100").splitlines()]
    known = {record["request_id"]: record for group in recorded.values() for record in group}
    wrong += [f"/usage: {record} is not in the log" for record in newest if known.get(record["request_id"]) != record]
    if not newest:
        wrong.append("/usage: empty")
    count = sum(map(len, billed.values()))
    print(f"bills: {count} calls of the providers, {len(known)} usage records, {total} dollars, {len(wrong)} differences")
    return wrong


def main():
    told = lines(SETTINGS["results"])
    results = [line for line in told if "scenario" in line]
    failures = matrix([line for line in told if "plan" in line], results)
    print()
    differences = bills(results)
    for line in failures + differences:
        print("FAIL", line)
    slowest = sorted(results, key=lambda r: -r["ms"])[:3]
    print("slowest:", ", ".join(f"{r['client']} -> {r['provider']} {r['scenario']} {r['ms']} ms" for r in slowest))
    failed = len(failures) + len(differences)
    print(f"{len(results) - len([r for r in results if not r['ok']])} passed, {failed} failed")
    sys.exit(1 if failed or not results else 0)


main()
