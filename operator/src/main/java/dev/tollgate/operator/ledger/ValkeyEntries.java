package dev.tollgate.operator.ledger;

import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountJson;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore.Damaged;
import dev.tollgate.policy.budget.AccountStore.Read;
import dev.tollgate.policy.budget.AccountStore.Versioned;
import io.vertx.redis.client.Response;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a Valkey has under the keys of one ledger, as {@link LedgerScripts} tell it: an account, or
 * something else that somebody has put there.
 *
 * @param tag what all keys begin with
 */
record ValkeyEntries(String tag) {

    /** Parts of the answer for each account. */
    static final int EACH = 4;

    /** Of an account whose entry in the index is no number: nobody can tell that it has shrunk. */
    static final long ILLEGIBLE = Long.MAX_VALUE;

    /** As a ledger writes it in the index. */
    private static final Pattern SEQ = Pattern.compile("[0-9]{1,16}");

    String store() {
        return tag + "store";
    }

    String index() {
        return tag + "accounts";
    }

    String account(String key) {
        return tag + "account:" + key;
    }

    /** Null: the index has something else than a ledger writes there. */
    static @Nullable AccountKey key(String text) {
        try {
            return AccountKey.parse(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    static long seq(String text) {
        return SEQ.matcher(text).matches() ? Long.parseLong(text) : ILLEGIBLE;
    }

    /** As the index has it; 0: it has none, or one that is {@link #ILLEGIBLE}. */
    static long seq(Response found, int at) {
        var text = found.get(at + 2).toString();
        return SEQ.matcher(text).matches() ? Long.parseLong(text) : 0;
    }

    /** An account that was asked for as {@code key}, at this place of the answer. */
    Read told(String key, Response found, int at) {
        var version = found.get(at).toString();
        var seq = found.get(at + 2).toString();
        var why = found.get(at + 3).toString();
        if (!why.isEmpty()) {
            return unreadable(key, found.get(at + 1), why);
        }
        if (version.isEmpty()) {
            return seq.isEmpty()
                    ? new Read.Absent()
                    : unreadable(key, found.get(at + 1), "it is gone, and " + index() + " has it");
        }
        try {
            var account = AccountJson.read(found.get(at + 1).toBytes());
            require(account, key, seq);
            return new Read.Ok(new Versioned(account, version));
        } catch (IllegalArgumentException e) {
            return unreadable(key, found.get(at + 1), String.valueOf(e.getMessage()));
        }
    }

    /**
     * @param indexed its seq as the index has it; empty: it has none
     * @throws IllegalArgumentException it is another account, or an earlier one
     */
    private void require(Account account, String key, String indexed) {
        if (!account.key().toString().equals(key)) {
            throw new IllegalArgumentException("it is account " + account.key());
        }
        if (indexed.isEmpty()) {
            return;
        }
        long newest = seq(indexed);
        if (newest == ILLEGIBLE) {
            throw new IllegalArgumentException(
                    "its seq in " + index() + " is " + indexed + " (expected: a number)");
        }
        if (account.seq() < newest) {
            throw new IllegalArgumentException(
                    "its seq is "
                            + account.seq()
                            + " (expected: "
                            + newest
                            + ", as in "
                            + index()
                            + "): what was spent since is not in it");
        }
    }

    private Read unreadable(String key, Response json, String why) {
        long epoch = json.toString().isEmpty() ? 0 : AccountJson.told(json.toBytes()).epoch();
        return new Read.Unreadable(new Damaged(key(key), "hash " + account(key), epoch, why));
    }
}
