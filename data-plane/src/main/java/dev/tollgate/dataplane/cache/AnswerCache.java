package dev.tollgate.dataplane.cache;

/** What all event loops of a process share of the answer cache: the answers, and who is at them. */
public record AnswerCache(AnswerStore store, Flights flights) {

    /** In memory. */
    public static AnswerCache inMemory() {
        return new AnswerCache(new MemoryAnswers(), new Flights());
    }
}
