package dev.tollgate.dataplane.standalone;

import dev.tollgate.policy.canary.CanaryBook;
import dev.tollgate.policy.canary.CanaryCount;
import dev.tollgate.policy.canary.CanaryPlan;
import dev.tollgate.policy.canary.CanaryState;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The canaries of a folder: judged in process by what the one proxy counts. Confined to the thread
 * that loads the folder, but for {@link #counting}.
 */
final class FolderCanaries {

    private static final Logger LOG = LoggerFactory.getLogger(FolderCanaries.class);
    private static final String PROXY = "standalone";

    private final CanaryBook book;
    private final @Nullable CanaryFile file;
    private volatile Supplier<List<CanaryCount>> counts = List::of;

    private FolderCanaries(Map<String, CanaryState> kept, @Nullable CanaryFile file) {
        this.book = new CanaryBook(kept);
        this.file = file;
        // all that the proxy of this process will count was counted under this book
        book.counted(PROXY, List.of());
    }

    /** As they were when the file was written. */
    static FolderCanaries in(CanaryFile file) {
        return new FolderCanaries(file.load(), file);
    }

    /** Forgotten with the process, which only looks: nothing is logged. */
    static FolderCanaries unkept() {
        return new FolderCanaries(Map.of(), null);
    }

    /** Where the figures come from, once there is a proxy. */
    void counting(Supplier<List<CanaryCount>> source) {
        counts = source;
    }

    /** By route. */
    Map<String, CanaryState> states() {
        return book.states();
    }

    /** Whether a share is another now: the folder must be compiled again. */
    boolean judge(Map<String, CanaryPlan> plans) {
        var before = book.states();
        if (plans.isEmpty() && before.isEmpty()) {
            return false;
        }
        book.counted(PROXY, counts.get());
        var changes = book.judge(plans, Instant.now().truncatedTo(ChronoUnit.MILLIS));
        if (changes.states() && file != null) {
            var after = book.states();
            after.forEach((route, state) -> tell(route, state, before.get(route)));
            file.store(after);
        }
        return changes.shares();
    }

    private static void tell(String route, CanaryState state, @Nullable CanaryState before) {
        if (!state.equals(before)) {
            LOG.atInfo()
                    .addKeyValue("route", route)
                    .addKeyValue("target", state.target())
                    .addKeyValue("phase", state.phase())
                    .log("canary: {}", state.message());
        }
    }
}
