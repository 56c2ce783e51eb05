"""Changes the audit as somebody would who can write the database but does not have the master key.

usage: tamper.py DATABASE WAY SEQUENCE
"""

import sqlite3
import sys

DATABASE, WAY, SEQUENCE = sys.argv[1], sys.argv[2], int(sys.argv[3])

WAYS = {
    "change": ["UPDATE audit_records SET details = '{\"reason\":\"nothing\"}' WHERE sequence = :n"],
    "actor": ["UPDATE audit_records SET actor_id = 'somebody-else' WHERE sequence = :n"],
    "time": ["UPDATE audit_records SET time = time - 60000 WHERE sequence = :n"],
    "remove": ["DELETE FROM audit_records WHERE sequence = :n"],
    # The gap is closed, so that only the chain can tell.
    "remove-and-renumber": [
        "DELETE FROM audit_records WHERE sequence = :n",
        "UPDATE audit_records SET sequence = -sequence WHERE sequence > :n",
        "UPDATE audit_records SET sequence = -sequence - 1 WHERE sequence < 0",
    ],
    "reorder": [
        "UPDATE audit_records SET sequence = -1 WHERE sequence = :n",
        "UPDATE audit_records SET sequence = :n WHERE sequence = :n + 1",
        "UPDATE audit_records SET sequence = :n + 1 WHERE sequence = -1",
    ],
    # A copy of an older record, complete with its genuine MAC, takes the place.
    "insert": [
        "UPDATE audit_records SET sequence = -sequence WHERE sequence >= :n",
        "UPDATE audit_records SET sequence = -sequence + 1 WHERE sequence < 0",
        "CREATE TEMPORARY TABLE copy AS SELECT * FROM audit_records WHERE sequence = :n - 1",
        "UPDATE copy SET sequence = :n",
        "INSERT INTO audit_records SELECT * FROM copy",
    ],
    "cut": [
        "DELETE FROM audit_records WHERE sequence >= :n",
        "DELETE FROM audit_checkpoints WHERE sequence >= :n",
    ],
    "empty": ["DELETE FROM audit_records", "DELETE FROM audit_checkpoints"],
}

with sqlite3.connect(DATABASE, isolation_level=None) as database:
    database.execute("BEGIN IMMEDIATE")
    changed = 0
    for statement in WAYS[WAY]:
        arguments = {"n": SEQUENCE} if ":n" in statement else {}
        changed += max(database.execute(statement, arguments).rowcount, 0)
    database.execute("COMMIT")
assert changed, "nothing was there to be changed"
