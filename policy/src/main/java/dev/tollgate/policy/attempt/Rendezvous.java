package dev.tollgate.policy.attempt;

import dev.tollgate.policy.route.Candidate;
import java.util.List;

/**
 * Weighted rendezvous hashing (api.md, R18): every proxy sends a key to the same target without
 * shared state, and a target that goes moves only its own keys. Thaler and Ravishankar, 1998; with
 * weights: the target with the lowest {@code -ln(u) / weight}, where u in (0, 1) is the hash of key
 * and target.
 */
final class Rendezvous {

    private static final int PERCENT = 100;
    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private Rendezvous() {}

    /** Index of the target that the key belongs to. */
    static int pick(String route, String key, List<Candidate> candidates, long[] weights) {
        long base = add(add(FNV_OFFSET, route), key);
        int best = -1;
        double lowest = Double.POSITIVE_INFINITY;
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] == 0) {
                continue;
            }
            double u = unit(mixed(add(base, candidates.get(i).target().name())));
            // StrictMath: every machine must come to the same result
            double score = -StrictMath.log(u) / weights[i];
            if (score < lowest) {
                lowest = score;
                best = i;
            }
        }
        if (best < 0) {
            throw new IllegalArgumentException("weights: all 0 (expected: one above)");
        }
        return best;
    }

    /** 0..99, the same for a key everywhere. */
    static int percent(String route, String key) {
        return (int) Math.floorMod(mixed(add(add(FNV_OFFSET, route), key)), (long) PERCENT);
    }

    private static long add(long hash, String text) {
        long sum = hash;
        for (int i = 0; i < text.length(); i++) {
            sum = (sum ^ text.charAt(i)) * FNV_PRIME;
        }
        return (sum ^ 0xff) * FNV_PRIME;
    }

    /** The finalizer of SplitMix64: FNV alone leaves the upper bits of short texts alike. */
    private static long mixed(long hash) {
        long z = (hash ^ (hash >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    /** Above 0 and below 1. */
    private static double unit(long hash) {
        return ((hash >>> 11) + 0.5) * 0x1.0p-53;
    }
}
