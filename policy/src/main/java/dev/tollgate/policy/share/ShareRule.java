package dev.tollgate.policy.share;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Divides one limit among proxies (api.md, S26).
 *
 * <pre>
 * floor    for each, so that it can start: a tenth of an equal part, at least 1 (0: more proxies than limit)
 * demand   what is left goes to those that need more: nobody gets more than it needs before all have as much
 * rest     what nobody needs, in equal parts
 * </pre>
 *
 * A proxy that is told a smaller share may have used more of it within the window: it holds what it
 * has used until that has left the window, and only what nobody holds is handed out. So what all
 * hold never grows above the limit, and with it what all use.
 */
public final class ShareRule {

    private static final int FLOORS = 10;

    private ShareRule() {}

    /** The part of a proxy that was told none. */
    public static long equalPart(long limit, int proxies) {
        return Math.max(1, limit / Math.max(1, proxies));
    }

    /** What each should have: the sum is the limit. */
    public static long[] divide(long limit, long[] demands) {
        int n = demands.length;
        var targets = new long[n];
        if (n == 0 || limit <= 0) {
            return targets;
        }
        long floor = limit < n ? 0 : Math.max(1, limit / n / FLOORS);
        Arrays.fill(targets, floor);
        var needs = new long[n];
        for (int i = 0; i < n; i++) {
            needs[i] = Math.max(0, demands[i] - floor);
        }
        long left = limit - floor * n - fill(needs, limit - floor * n, targets);
        for (int i = 0; i < n; i++) {
            targets[i] += left / n + (i < left % n ? 1 : 0);
        }
        return targets;
    }

    /** Adds to each what it needs, as far as there is enough for all. */
    private static long fill(long[] needs, long amount, long[] to) {
        var smallestFirst =
                IntStream.range(0, needs.length)
                        .boxed()
                        .sorted(Comparator.comparingLong(i -> needs[i]))
                        .toList();
        long left = amount;
        int waiting = needs.length;
        for (int i : smallestFirst) {
            // the last ones get what a division leaves over
            long part = left / waiting;
            long given = Math.min(needs[i], part);
            to[i] += given;
            left -= given;
            waiting--;
        }
        return amount - left;
    }

    /**
     * What each is told now.
     *
     * @param held what each may use, and what it has used if that is more
     * @param mayGrow false: what some hold is not known yet
     */
    public static long[] step(long limit, long[] held, long[] demands, boolean mayGrow) {
        var told = divide(limit, demands);
        long free = mayGrow ? Math.max(0, limit - Arrays.stream(held).sum()) : 0;
        var needs = new long[told.length];
        for (int i = 0; i < told.length; i++) {
            if (told[i] > held[i]) {
                needs[i] = told[i] - held[i];
                told[i] = held[i];
            }
        }
        fill(needs, free, told);
        return told;
    }
}
