package dev.tollgate.simulator;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Calls that are not on the bill yet, and how far each has come. Any thread. */
final class OpenCalls {

    /**
     * @param chunks of its stream that were generated, be they taken or not
     */
    record OpenCall(String id, String model, int chunks) {}

    private final Map<String, OpenCall> all = new ConcurrentHashMap<>();

    void at(String id, String model, int chunks) {
        all.put(id, new OpenCall(id, model, chunks));
    }

    void over(String id) {
        all.remove(id);
    }

    /** In the order of their ids. */
    List<OpenCall> list() {
        var list = new ArrayList<>(all.values());
        list.sort(Comparator.comparing(OpenCall::id));
        return list;
    }
}
