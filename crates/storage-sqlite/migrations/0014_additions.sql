-- An emergency client that is added changes nothing that checks have kept: that there is none they never keep. So it is no change
-- that counts, and SQLite need not keep the pages of a statement that sets off no other as they were.

DROP TRIGGER emergency_clients_inserted_changes;
