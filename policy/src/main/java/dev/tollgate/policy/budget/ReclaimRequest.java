package dev.tollgate.policy.budget;

/**
 * What the annotation {@value #ANNOTATION} of a Budget says: {@code HOLDER by USER: REASON}. The
 * user is checked by an admission policy, which reads the text in the same way: it may hold no
 * {@code ": "}.
 *
 * @param user who answers for it, as the API server knows them
 */
public record ReclaimRequest(HolderId holder, String user, String reason) {

    public static final String ANNOTATION = "tollgate.dev/reclaim-lease";

    /** Of the whole text. */
    public static final int MAX_CHARS = 1_024;

    private static final String BY = " by ";
    private static final String COLON = ": ";

    public ReclaimRequest {
        if (user.isBlank() || user.contains(COLON)) {
            throw new IllegalArgumentException(
                    "user: " + user + " (expected: a name without \": \")");
        }
        if (reason.isBlank()) {
            throw new IllegalArgumentException("reason: empty (expected: why)");
        }
        if (length(holder, user, reason) > MAX_CHARS) {
            throw new IllegalArgumentException(
                    length(holder, user, reason)
                            + " characters (expected: at most "
                            + MAX_CHARS
                            + ")");
        }
    }

    /**
     * @throws IllegalArgumentException it is something else; the message says what is expected
     */
    public static ReclaimRequest parse(String text) {
        int by = text.indexOf(BY);
        int colon = by < 0 ? -1 : text.indexOf(COLON, by + BY.length());
        if (colon < 0) {
            throw new IllegalArgumentException(
                    text.substring(0, Math.min(text.length(), MAX_CHARS))
                            + " (expected: HOLDER by USER: REASON)");
        }
        return new ReclaimRequest(
                HolderId.parse(text.substring(0, by)),
                text.substring(by + BY.length(), colon),
                text.substring(colon + COLON.length()).strip());
    }

    private static int length(HolderId holder, String user, String reason) {
        return holder.toString().length()
                + BY.length()
                + user.length()
                + COLON.length()
                + reason.length();
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        return holder + BY + user + COLON + reason;
    }
}
