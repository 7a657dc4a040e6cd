package dev.tollgate.policy.share;

/** What is limited, in the words of the resource. */
public enum RateKind {
    REQUESTS("requestsPerMinute"),
    TOKENS("tokensPerMinute"),
    CONCURRENT("maxConcurrent");

    private final String field;

    RateKind(String field) {
        this.field = field;
    }

    public String field() {
        return field;
    }
}
