package dev.tollgate.operator.ledger;

/** Why a Valkey did not do as told; stays within this package. */
final class ValkeyFailure extends Exception {

    private static final long serialVersionUID = 1;

    private final boolean nothingDone;

    private final boolean answered;

    private ValkeyFailure(boolean nothingDone, boolean answered, String reason) {
        super(reason);
        this.nothingDone = nothingDone;
        this.answered = answered;
    }

    /** It was not sent, or the server has refused it as a whole. */
    static ValkeyFailure nothingDone(String reason) {
        return new ValkeyFailure(true, false, reason);
    }

    /** It may have been done or not, or may still be. */
    static ValkeyFailure unknown(String reason) {
        return new ValkeyFailure(false, false, reason);
    }

    /**
     * The server has answered with an error.
     *
     * @param nothingDone it is one that comes before anything is done
     */
    static ValkeyFailure error(boolean nothingDone, String reason) {
        return new ValkeyFailure(nothingDone, true, reason);
    }

    /** The connection can still be used. */
    boolean answered() {
        return answered;
    }

    boolean nothingDone() {
        return nothingDone;
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
