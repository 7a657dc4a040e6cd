package dev.tollgate.dataplane.cache;

/** What all event loops of a process share of the answer cache: the answers, and who is at them. */
public record AnswerCache(AnswerStore store, Flights flights) {

    /** In memory. */
    public static AnswerCache inMemory() {
        return in(new MemoryAnswers());
    }

    /** In a store. */
    public static AnswerCache in(AnswerStore store) {
        return new AnswerCache(store, new Flights());
    }
}
