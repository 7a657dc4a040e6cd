package dev.tollgate.policy.budget;

/**
 * Who holds leases: one log directory and one start of the process on it.
 *
 * @param logId random, made with the directory
 * @param bootEpoch one more with every start, fsynced before anything else
 */
public record HolderId(String logId, long bootEpoch) {

    public HolderId {
        if (logId.isEmpty() || logId.indexOf('/') >= 0) {
            throw new IllegalArgumentException(
                    "logId: " + logId + " (expected: not empty, no slash)");
        }
        if (bootEpoch < 1) {
            throw new IllegalArgumentException("bootEpoch: " + bootEpoch + " (expected: >= 1)");
        }
    }

    /** Reads what {@link #toString} wrote. */
    public static HolderId parse(String text) {
        var slash = text.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("holder: " + text + " (expected: logId/bootEpoch)");
        }
        try {
            return new HolderId(
                    text.substring(0, slash), Long.parseLong(text.substring(slash + 1)));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "holder: " + text + " (expected: logId/bootEpoch)", e);
        }
    }

    /** {@code logId/bootEpoch}. */
    @Override
    public String toString() {
        return logId + "/" + bootEpoch;
    }
}
