package dev.tollgate.dataplane.exchange;

/** Counts of the last minute, in steps of five seconds. Fixed size, safe for many threads. */
final class LastMinute {

    private static final int STEP_SECONDS = 5;
    private static final int STEPS = 12;

    private final long[] steps = new long[STEPS];
    private final long[] requests = new long[STEPS];
    private final long[] errors = new long[STEPS];

    synchronized void count(long epochSecond, boolean error) {
        long step = epochSecond / STEP_SECONDS;
        int at = (int) (step % STEPS);
        if (steps[at] != step) {
            steps[at] = step;
            requests[at] = 0;
            errors[at] = 0;
        }
        requests[at]++;
        if (error) {
            errors[at]++;
        }
    }

    synchronized long requests(long epochSecond) {
        return sum(requests, epochSecond);
    }

    synchronized long errors(long epochSecond) {
        return sum(errors, epochSecond);
    }

    private long sum(long[] counts, long epochSecond) {
        long now = epochSecond / STEP_SECONDS;
        long sum = 0;
        for (int at = 0; at < STEPS; at++) {
            sum += now - steps[at] < STEPS ? counts[at] : 0;
        }
        return sum;
    }
}
