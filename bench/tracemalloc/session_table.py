"""Bytes per session by tracemalloc, as a user would take them.

Usage: session_table.py CONVERSATIONS.jsonl N [N ...]; prints {"rows": [{"sessions", "bytes"}]}, where bytes
is the growth of traced memory over the population.
"""

import gc
import json
import sys
import time
import tracemalloc


class CrisisState:
    def __init__(self):
        self.level = 0
        self.mentions = 0
        self.escalations = 0
        self.flagged = False
        self.resolved = True
        self.updated_at = time.time()


class Session:
    def __init__(self, index, messages):
        self.id = f"s{index:09d}"
        self.room = "lobby"
        self.crisis = CrisisState()
        self.history = []
        for message in messages:
            # Through bytes, because a str is shared however often it is assigned.
            content = message["content"].encode().decode()
            self.history.append(
                {"role": message["role"], "content": content, "timestamp": time.time(), "room": "lobby"}
            )


def main():
    with open(sys.argv[1], encoding="utf-8") as lines:
        conversations = [json.loads(line)["messages"] for line in lines]
    rows = []
    tracemalloc.start()
    for count in map(int, sys.argv[2:]):
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        sessions = [Session(index, conversations[index]) for index in range(count)]
        rows.append({"sessions": count, "bytes": tracemalloc.get_traced_memory()[0] - before})
        del sessions
    print(json.dumps({"rows": rows}))


main()
