package dev.tollgate.dataplane.exchange;

/**
 * Limits of the data plane that an installation may set.
 *
 * @param maxBodyBytes of a request
 * @param maxAnswerBytes of a provider's answer that is no stream
 * @param clientStallMillis a client that reads nothing for this long counts as gone
 */
public record ExchangeSettings(int maxBodyBytes, int maxAnswerBytes, long clientStallMillis) {

    /** reliability.md, section 2. */
    public static final ExchangeSettings DEFAULT =
            new ExchangeSettings(10 * 1024 * 1024, 64 * 1024 * 1024, 60_000);
}
