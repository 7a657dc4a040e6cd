package dev.tollgate.policy.budget;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where accounts are kept. All calls are synchronous and may block: they run on a virtual thread.
 * Every store passes the conformance suite {@code AccountStoreContract} of this module's tests.
 */
public interface AccountStore {

    /** The version to name when the account does not exist yet. */
    String ABSENT = "";

    Read read(AccountKey key);

    /**
     * Writes {@code account} if the stored version still is {@code version}. One that cannot be
     * read is of no version that anybody knows.
     *
     * @param version as read, or {@link #ABSENT}
     */
    Write compareAndSet(AccountKey key, String version, Account account);

    /**
     * Deletes an account that nothing can come of any more, if the stored version still is {@code
     * version}. Ok: it is absent now; Unavailable: it is kept, for ever if the store deletes
     * nothing.
     */
    default Write delete(AccountKey key, String version) {
        return new Write.Unavailable("this store deletes nothing");
    }

    /**
     * All accounts whose key, as text, begins with {@code prefix}; sorted by key. One that cannot
     * be read keeps nobody from the others.
     */
    Listing list(String prefix);

    /** Changes when the store is replaced by another one, or made anew. */
    Identity identity();

    /** An account and its version. */
    record Versioned(Account account, String version) {}

    /**
     * An entry of the store whose content is no account, so that nobody knows what it holds.
     *
     * @param key of the account that it should be; null: that cannot be told
     * @param name where the store has it, as people look for it; no two have the same
     * @param epoch of the ledger that wrote it; 0: that cannot be told
     */
    record Damaged(@Nullable AccountKey key, String name, long epoch, String reason) {}

    sealed interface Read {
        record Ok(Versioned versioned) implements Read {}

        /** It is there, and says nothing until somebody mends or deletes it. */
        record Unreadable(Damaged damaged) implements Read {}

        record Absent() implements Read {}

        record Unavailable(String reason) implements Read {}
    }

    sealed interface Write {
        /** Durable: it survives a crash of the store's process and host, as the store promises. */
        record Ok(String version) implements Write {}

        /**
         * Another version is stored, and nothing changed: somebody else wrote, or this very write
         * arrived twice.
         */
        record Conflict() implements Write {}

        /** Nothing changed. */
        record Unavailable(String reason) implements Write {}

        /** It may have been written or not, or may still be: read again. */
        record Unknown(String reason) implements Write {}
    }

    sealed interface Listing {
        /**
         * @param damaged those that cannot be read; the others can
         */
        record Ok(List<Versioned> accounts, List<Damaged> damaged) implements Listing {
            public Ok {
                accounts = List.copyOf(accounts);
                damaged = List.copyOf(damaged);
            }

            public Ok(List<Versioned> accounts) {
                this(accounts, List.of());
            }
        }

        record Unavailable(String reason) implements Listing {}
    }

    sealed interface Identity {
        record Ok(String id) implements Identity {}

        record Unavailable(String reason) implements Identity {}
    }
}
