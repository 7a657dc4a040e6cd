package dev.tollgate.dialects;

/** The wire formats that Tollgate speaks, towards clients and towards providers. */
public enum Dialect {
    OPENAI_CHAT("openai-chat"),
    OPENAI_RESPONSES("openai-responses"),
    ANTHROPIC("anthropic"),
    GEMINI("gemini");

    private final String wireName;

    Dialect(String wireName) {
        this.wireName = wireName;
    }

    /** The name in usage records, snapshots and logs. */
    public String wireName() {
        return wireName;
    }

    /** The dialect of a {@link #wireName()}; an unknown name is a bug of whoever wrote it. */
    public static Dialect of(String wireName) {
        for (var dialect : values()) {
            if (dialect.wireName.equals(wireName)) {
                return dialect;
            }
        }
        throw new IllegalArgumentException(
                "dialect: " + wireName + " (expected: one of the wire names)");
    }
}
