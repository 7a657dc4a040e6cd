package dev.tollgate.cli;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.Future;
import java.net.BindException;
import org.junit.jupiter.api.Test;

class UntilTest {

    @Test
    void saysWhichFlagChoosesAnotherPort() {
        assertThatThrownBy(() -> Until.ready(taken(), 8080))
                .hasMessage("port 8080 is in use: choose another with --port, or 0 for a free one");
    }

    /** No flag of the demo moves its simulated providers. */
    @Test
    void saysWhatElseHelpsWhereNoFlagDoes() {
        assertThatThrownBy(() -> Until.ready(taken(), 9101, "end what listens on it"))
                .hasMessage("port 9101 is in use: end what listens on it");
    }

    private static Future<Void> taken() {
        return Future.failedFuture(new BindException("Address already in use"));
    }
}
