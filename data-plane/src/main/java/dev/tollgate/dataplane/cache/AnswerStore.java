package dev.tollgate.dataplane.cache;

import io.vertx.core.Future;
import java.util.Optional;

/**
 * Where answers are kept: in this process ({@link MemoryAnswers}), or in a store that a fleet
 * shares. Any thread may call it; it never blocks. What goes wrong in it costs a repetition, never
 * a request: a {@link #find} that fails counts as empty.
 */
public interface AnswerStore {

    /**
     * The answer under a key, if it is still fresh. A store in memory completes at once; another
     * one completes on the caller's Vert.x context, within a bound of its own.
     */
    Future<Optional<Answer>> find(CacheKey key, long nowMillis);

    /** Keeps an answer in place of an earlier one, for its lifetime or until room is needed. */
    void keep(CacheKey key, Answer answer);

    /** How much is kept here. */
    Figures figures();

    /** What a store holds, and what it has let go for want of room since it began. */
    record Figures(long entries, long bytes, long evicted) {}
}
