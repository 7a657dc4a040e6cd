package dev.tollgate.cli.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import org.junit.jupiter.api.Test;

class StderrJsonTest {

    @Test
    void saysNothingOfAVersionThatNobodyCanChange() {
        var context = new LoggerContext();

        new StderrJson().configure(context);

        assertThat(
                        context.getLogger(
                                        "io.fabric8.kubernetes.client.dsl.internal.VersionUsageUtils")
                                .isWarnEnabled())
                .isFalse();
        assertThat(context.getLogger("io.fabric8.kubernetes.client").isWarnEnabled()).isTrue();
        assertThat(context.getLogger("dev.tollgate.cli").isInfoEnabled()).isTrue();
    }
}
