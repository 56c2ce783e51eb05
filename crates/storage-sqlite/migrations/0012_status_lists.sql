-- What a status list tells is counted as a change: that a token was recalled, and that the list needs more places, of which there
-- are always a multiple of 8,192.

CREATE TRIGGER brokers_status_list_changes AFTER UPDATE OF next_status_index, recall_epoch ON brokers
WHEN NEW.recall_epoch <> OLD.recall_epoch
    OR NEW.next_status_index / 8192 <> OLD.next_status_index / 8192
BEGIN
    UPDATE changes SET tokens = tokens + 1;
END;
