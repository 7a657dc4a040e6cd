package dev.tollgate.dialects.conversation;

import java.util.OptionalLong;

/**
 * How much the model shall think.
 *
 * @param amount how much
 * @param visible whether the client wants to read the thoughts
 */
public record ReasoningRequest(Amount amount, boolean visible) {

    /** How much. */
    public sealed interface Amount {}

    /** As the provider likes. */
    public record Unsaid() implements Amount {}

    public record Off() implements Amount {}

    public record Level(Effort effort) implements Amount {}

    public record Budget(long tokens) implements Amount {}

    /** The levels that dialects know, in rising order. */
    public enum Effort {
        MINIMAL("minimal", 1024),
        LOW("low", 1024),
        MEDIUM("medium", 2048),
        HIGH("high", 4096),
        XHIGH("xhigh", 8192),
        MAX("max", 16384);

        private final String word;
        private final long budgetTokens;

        Effort(String word, long budgetTokens) {
            this.word = word;
            this.budgetTokens = budgetTokens;
        }

        /** The word on the wire, in lower case. */
        public String word() {
            return word;
        }

        /** The budget where a dialect knows no levels. */
        public long budgetTokens() {
            return budgetTokens;
        }
    }

    /** The level of this request; HIGH for what leaves it open. */
    public Effort effort() {
        return switch (amount) {
            case Level(Effort effort) -> effort;
            case Budget(long tokens) ->
                    tokens < Effort.MEDIUM.budgetTokens
                            ? Effort.LOW
                            : tokens < Effort.HIGH.budgetTokens ? Effort.MEDIUM : Effort.HIGH;
            case Unsaid() -> Effort.HIGH;
            case Off() -> Effort.MINIMAL;
        };
    }

    /** The budget of this request, empty if it leaves it to the provider or is off. */
    public OptionalLong budgetTokens() {
        return switch (amount) {
            case Level(Effort effort) -> OptionalLong.of(effort.budgetTokens);
            case Budget(long tokens) -> OptionalLong.of(tokens);
            case Unsaid(), Off() -> OptionalLong.empty();
        };
    }

    public boolean off() {
        return amount instanceof Off;
    }
}
