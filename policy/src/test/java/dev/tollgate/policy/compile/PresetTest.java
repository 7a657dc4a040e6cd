package dev.tollgate.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.provider.ProviderType;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What providers bill, against the lists of budgets.md, section 8. */
class PresetTest {

    /** OpenRouter's documentation on the cancellation of streams says so; nobody else may be. */
    private static final Set<ProviderType> STOP =
            EnumSet.of(
                    ProviderType.OPENAI,
                    ProviderType.ANTHROPIC,
                    ProviderType.FIREWORKS,
                    ProviderType.TOGETHER,
                    ProviderType.COHERE,
                    ProviderType.XAI,
                    ProviderType.DEEPSEEK);

    private static final Set<ProviderType> SAY_WHAT_IS_FREE =
            EnumSet.of(ProviderType.OPENAI, ProviderType.ANTHROPIC, ProviderType.GEMINI);

    @Test
    void onlyWhoIsKnownToStopTheBillIsTakenToDoSo() {
        assertThat(
                        presets()
                                .filter(type -> preset(type).billing().stopsOnDisconnect())
                                .collect(Collectors.toSet()))
                .isEqualTo(STOP);
    }

    @Test
    void onlyWhoSaysThatAFailureIsFreeIsTakenToMeanIt() {
        assertThat(
                        presets()
                                .filter(
                                        type ->
                                                !preset(type)
                                                        .billing()
                                                        .neverBilledStatuses()
                                                        .isEmpty())
                                .collect(Collectors.toSet()))
                .isEqualTo(SAY_WHAT_IS_FREE);
        assertThat(presets().map(type -> preset(type).billing().neverBilledStatuses()))
                .allSatisfy(statuses -> assertThat(statuses).doesNotContain(200, 499, 504));
    }

    private static Stream<ProviderType> presets() {
        return Arrays.stream(ProviderType.values()).filter(type -> Preset.of(type) != null);
    }

    private static Preset preset(ProviderType type) {
        return Objects.requireNonNull(Preset.of(type));
    }
}
