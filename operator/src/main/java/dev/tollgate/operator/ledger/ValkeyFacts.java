package dev.tollgate.operator.ledger;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a server says of itself in INFO, and whether accounts may be kept in it: only one that
 * forgets nothing by itself, and that can say that something is on its disk and on those of its
 * replicas.
 *
 * @param runId another one after each start
 * @param replicas that are connected now
 * @param refusal why it cannot keep accounts; null: it can
 */
record ValkeyFacts(String runId, int replicas, @Nullable String refusal) {

    private static final int MAJOR = 7;
    private static final int MINOR = 2;

    /** Reads the answer of INFO. */
    static ValkeyFacts parse(String info) {
        var facts = new HashMap<String, String>();
        info.lines()
                .forEach(
                        line -> {
                            int colon = line.indexOf(':');
                            if (colon > 0) {
                                facts.put(line.substring(0, colon), line.substring(colon + 1));
                            }
                        });
        int replicas = number(facts.getOrDefault("connected_slaves", "0"));
        return new ValkeyFacts(
                facts.getOrDefault("run_id", ""), replicas, refusal(facts, replicas));
    }

    private static @Nullable String refusal(Map<String, String> facts, int replicas) {
        var version = facts.getOrDefault("redis_version", "0");
        if (!recent(version)) {
            return "version " + version + " (expected: 7.2 or later, which has WAITAOF)";
        }
        if (!facts.getOrDefault("aof_enabled", "0").equals("1")) {
            return "appendonly no (expected: yes, so that a restart forgets nothing)";
        }
        var eviction = facts.getOrDefault("maxmemory_policy", "noeviction");
        if (!eviction.equals("noeviction")) {
            return "maxmemory-policy " + eviction + " (expected: noeviction)";
        }
        if (facts.getOrDefault("cluster_enabled", "0").equals("1")) {
            return "a node of a cluster (expected: one primary, with replicas or without)";
        }
        var role = facts.getOrDefault("role", "master");
        if (!role.equals("master")) {
            return "role " + role + " (expected: the primary)";
        }
        // INFO has this line only if min-replicas-to-write is set
        if (replicas > 0 && !facts.containsKey("min_slaves_good_slaves")) {
            return "min-replicas-to-write 0 with replicas (expected: 1 or more)";
        }
        return facts.getOrDefault("run_id", "").isEmpty() ? "it tells no run_id" : null;
    }

    private static boolean recent(String version) {
        var parts = version.split("\\.");
        int major = number(parts[0]);
        int minor = parts.length < 2 ? 0 : number(parts[1]);
        return major > MAJOR || (major == MAJOR && minor >= MINOR);
    }

    private static int number(String text) {
        try {
            return Integer.parseInt(text.strip());
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
