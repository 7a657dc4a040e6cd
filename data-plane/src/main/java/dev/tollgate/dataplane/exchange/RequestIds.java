package dev.tollgate.dataplane.exchange;

import java.util.concurrent.ThreadLocalRandom;

/** Ids of requests: {@code req_} and a ULID, so that they sort by time. */
final class RequestIds {

    private static final char[] DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".toCharArray();
    private static final int TIME_DIGITS = 10;
    private static final int RANDOM_DIGITS = 16;

    private RequestIds() {}

    static String next(long unixMillis) {
        var id = new char[4 + TIME_DIGITS + RANDOM_DIGITS];
        id[0] = 'r';
        id[1] = 'e';
        id[2] = 'q';
        id[3] = '_';
        for (int i = 0; i < TIME_DIGITS; i++) {
            id[4 + i] = DIGITS[(int) (unixMillis >>> (5 * (TIME_DIGITS - 1 - i))) & 31];
        }
        var random = ThreadLocalRandom.current();
        long bits = random.nextLong();
        for (int i = 0; i < RANDOM_DIGITS; i++) {
            if (i == 12) {
                bits = random.nextLong();
            }
            id[4 + TIME_DIGITS + i] = DIGITS[(int) bits & 31];
            bits >>>= 5;
        }
        return new String(id);
    }
}
