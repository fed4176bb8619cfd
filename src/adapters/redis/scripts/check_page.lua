-- Read a part of a list, from its head's end.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 mend (1 or 0; no difference here), 3 rest of the list's key, 4 entries to leave out, 5 most entries
-- returns {findings (none), length of the list, entries looked at, then the ids}
-- flags: no-writes
-- include: part
local length, ids = part(key(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]))
return {{}, length, #ids, unpack(ids)}
