package dev.tollgate.operator.ledger;

/**
 * What a Valkey runs for the ledger. An account is a hash with its {@code version}, its {@code seq}
 * and the {@code account} as JSON; the index is a hash from the keys of all accounts to their seqs;
 * the store's own hash has the database's {@code id}, the {@code run} of the server that last had
 * it, {@code unproven} while that may have lost something, the most {@code nodes} that it ever had,
 * and {@code deleted}, the latest end of the window of an account that was deleted. Everything has
 * one hash tag, and a script is one transaction of the append-only file, so index and account never
 * differ.
 */
final class LedgerScripts {

    private LedgerScripts() {}

    /** Whether an answer says that there is something else; every other error is the caller's. */
    private static final String NO_HASH =
            """
            local function no_hash(answer)
              return answer.err and string.find(answer.err, 'WRONGTYPE', 1, true)
            end
            """;

    /**
     * The version of an account, its text, and why it cannot be read. The version has a digest of
     * the text as it lies there: who edits that has written another version, which a ledger that
     * knew the one before must not write over. None is empty; one that cannot be read is nil, which
     * equals nothing that anybody expects.
     */
    private static final String STORED =
            NO_HASH
                    + """
            local function digested(version, text)
              return version .. '.' .. redis.sha1hex(text)
            end
            local function stored(key)
              local found = redis.pcall('HMGET', key, 'version', 'account')
              if no_hash(found) then
                return nil, nil, found.err
              end
              if found.err then
                redis.call('HMGET', key, 'version', 'account')
              end
              if found[1] and found[2] then
                return digested(found[1], found[2]), found[2]
              end
              if #redis.call('HGETALL', key) > 0 then
                return nil, found[2], 'its hash has no ' .. (found[1] and 'account' or 'version')
              end
              return ''
            end
            """;

    /**
     * Keys: account, index. Arguments: account's key as text, version expected, version, JSON.
     * Answers: {@code ok} and the version; {@code conflict}; {@code refused} and why. The refusals
     * are those of the CEL rules of BudgetLedger, but for a seq that leaves numbers out: so an
     * account is rebuilt that the store had forgotten, above the highest seq that anybody has seen.
     * It may charge more than the limit, which may have been lowered since; nothing is granted by
     * it. Numbers in Lua are doubles, exact up to 2^53 - 1; what is above is refused.
     */
    static final String WRITE =
            STORED
                    + """
            local MAX = 9007199254740991
            local refusal
            local function refuse(reason)
              refusal = refusal or reason
            end
            local function number(object, name)
              local value = object[name]
              if type(value) ~= 'number' or value < 0 or value > MAX or value % 1 ~= 0 then
                refuse(name .. ' is no whole number up to 2^53 - 1')
                return 0
              end
              return value
            end
            local function charged(account)
              local sum = number(account, 'settledMicros')
              if type(account.leases) ~= 'table' then
                refuse('it has no leases')
                return sum
              end
              for _, lease in ipairs(account.leases) do
                local held = number(lease, 'amountMicros') - number(lease, 'settledMicros')
                  - number(lease, 'returnedMicros')
                if held < 0 then
                  refuse('I2: a lease must not settle and return more than its amount')
                end
                sum = sum + held
                if sum > MAX then
                  refuse('more than 2^53 - 1 micro-USD are charged')
                end
              end
              return sum
            end

            local version, text = stored(KEYS[1])
            local known = redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1
            if version ~= ARGV[2] or (known and version == '') then
              return {'conflict'}
            end
            local account = cjson.decode(ARGV[4])
            local old = text and cjson.decode(text)
            local now = charged(account)
            local overrun = number(account, 'overrunMicros')
            local rebuilt = number(account, 'seq') > (old and old.seq or 0) + 1
            if not rebuilt and now > number(account, 'limitMicros') - overrun
              and not (old and now <= charged(old)) then
              refuse('I1: settled, outstanding and overrun together must not exceed limitMicros')
            end
            number(account, 'limitMicros')
            number(account, 'epoch')
            if account.frozenAtSeq then
              if number(account, 'frozenAtSeq') >= account.seq then
                refuse('frozenAtSeq must be below seq')
              end
              if old and not rebuilt and now > charged(old) then
                refuse('I1: an account must grant nothing while it has frozenAtSeq')
              end
              if old and not rebuilt and account.frozenAtSeq ~= (old.frozenAtSeq or account.frozenAtSeq) then
                refuse('I5: frozenAtSeq must not change while it is there, unless the account is rebuilt')
              end
            end
            if old then
              for _, name in ipairs({'settledMicros', 'overrunMicros', 'epoch'}) do
                if number(account, name) < number(old, name) then
                  refuse('I5: ' .. name .. ' never shrinks')
                end
              end
              if (account.resetMicros or 0) < (old.resetMicros or 0) then
                refuse('I5: resetMicros never shrinks')
              end
              if account.seq <= old.seq then
                refuse('I5: seq must grow with every write')
              end
              for _, name in ipairs({'name', 'namespace', 'subject', 'windowStart', 'windowEnd'}) do
                if account.key[name] ~= old.key[name] then
                  refuse('I5: key is immutable')
                end
              end
            end
            if refusal then
              return {'refused', refusal}
            end
            local seq = string.format('%.0f', account.seq)
            redis.call('HSET', KEYS[1], 'version', ARGV[3], 'seq', seq, 'account', ARGV[4])
            redis.call('HSET', KEYS[2], ARGV[1], seq)
            return {'ok', digested(ARGV[3], ARGV[4])}
            """;

    /**
     * Keys: account, index, store. Arguments: account's key as text, version expected, the end of
     * its window in seconds of the epoch. Answers: {@code ok}; {@code conflict}; {@code refused}
     * and why: of a lease that is not given back something may come yet. What is gone by it is no
     * loss to another ledger that remembers it: {@code deleted} says so.
     */
    static final String DELETE =
            STORED
                    + """
            local version, text = stored(KEYS[1])
            if version == '' or version ~= ARGV[2] then
              return {'conflict'}
            end
            for _, lease in ipairs(cjson.decode(text).leases) do
              if lease.state ~= 'Reclaimed' then
                return {'refused', 'its lease of ' .. lease.holder .. ' is ' .. lease.state}
              end
            end
            redis.call('DEL', KEYS[1])
            redis.call('HDEL', KEYS[2], ARGV[1])
            local deleted = redis.call('HGET', KEYS[3], 'deleted')
            if not deleted or tonumber(ARGV[3]) > tonumber(deleted) then
              redis.call('HSET', KEYS[3], 'deleted', ARGV[3])
            end
            return {'ok'}
            """;

    /**
     * Keys: store, index, accounts. Arguments: the accounts' keys as text. Answers version, text,
     * the index's seq and why it cannot be read of each; what there is not is empty. It writes, so
     * that WAITAOF after it waits for what it has seen.
     */
    static final String READ =
            STORED
                    + """
            redis.call('HINCRBY', KEYS[1], 'reads', 1)
            local answer = {}
            for i, key in ipairs(ARGV) do
              local version, text, why = stored(KEYS[i + 2])
              answer[#answer + 1] = version or ''
              answer[#answer + 1] = text or ''
              answer[#answer + 1] = redis.call('HGET', KEYS[2], key) or ''
              answer[#answer + 1] = why or ''
            end
            return answer
            """;

    /**
     * Keys: store, index. Arguments: nodes that the server knows of now. Answers the database's id,
     * the run that had it, the most nodes ever, 1 while it is unproven, until when accounts were
     * deleted (0: none was), and key and seq of every account. An error if what the store says of
     * itself cannot be read: then nobody knows what it has forgotten.
     */
    static final String LOOK =
            NO_HASH
                    + """
            local function unreadable(key, why, what)
              return redis.error_reply('UNREADABLE ' .. key .. ', ' .. why .. ' (' .. what .. ')')
            end
            local OWN = 'by which one knows what the database has forgotten'
            local MEND = '; mend it, or delete it: then all is frozen until all proxies have told'
              .. ' what they hold'
            local store = redis.pcall('HMGET', KEYS[1], 'id', 'run', 'unproven', 'deleted', 'nodes',
              'reads')
            if no_hash(store) then
              return unreadable(KEYS[1], OWN .. ': ' .. store.err, 'expected: a hash' .. MEND)
            end
            if store.err then
              return store
            end
            for at, name in ipairs({'deleted', 'nodes', 'reads'}) do
              local number = store[at + 3]
              if number and not (string.match(number, '^%d+$') and #number <= 15) then
                return unreadable(KEYS[1], OWN .. ': ' .. name .. ' is ' .. number,
                  'expected: a number' .. MEND)
              end
            end
            local index = redis.pcall('HGETALL', KEYS[2])
            if no_hash(index) then
              return unreadable(KEYS[2], 'the index of all accounts: ' .. index.err,
                'expected: a hash; put it back from a backup')
            end
            if index.err then
              return index
            end
            local nodes = tonumber(store[5] or '0')
            if tonumber(ARGV[1]) > nodes then
              nodes = tonumber(ARGV[1])
              redis.call('HSET', KEYS[1], 'nodes', ARGV[1])
            end
            local answer = {store[1] or '', store[2] or '', tostring(nodes), store[3] or '0',
              store[4] or '0'}
            for _, each in ipairs(index) do
              answer[#answer + 1] = each
            end
            return answer
            """;

    /**
     * Keys: store. Arguments: id and run as they were looked at, id and run from now on; another id
     * is unproven. Answers 1, or 0 if somebody else was faster.
     */
    static final String CLAIM =
            """
            local store = redis.call('HMGET', KEYS[1], 'id', 'run')
            if (store[1] or '') ~= ARGV[1] or (store[2] or '') ~= ARGV[2] then
              return 0
            end
            redis.call('HSET', KEYS[1], 'id', ARGV[3], 'run', ARGV[4])
            if ARGV[1] ~= ARGV[3] then
              redis.call('HSET', KEYS[1], 'unproven', '1')
            end
            return 1
            """;

    /** Keys: store. Arguments: the id that is proven from now on. Answers 1, or 0 if it is past. */
    static final String PROVEN =
            """
            if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then
              return 0
            end
            redis.call('HDEL', KEYS[1], 'unproven')
            return 1
            """;
}
