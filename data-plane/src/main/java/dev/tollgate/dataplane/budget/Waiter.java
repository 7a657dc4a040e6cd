package dev.tollgate.dataplane.budget;

import io.vertx.core.Context;
import io.vertx.core.Promise;
import org.jspecify.annotations.Nullable;

/** A claim whose lease is short, until a monotonic time. Nothing is held meanwhile. */
record Waiter(Claim claim, Promise<Admission> promise, @Nullable Context context, long untilNanos) {

    void complete(Admission admission) {
        if (context == null) {
            promise.tryComplete(admission);
        } else {
            context.runOnContext(ignored -> promise.tryComplete(admission));
        }
    }
}
