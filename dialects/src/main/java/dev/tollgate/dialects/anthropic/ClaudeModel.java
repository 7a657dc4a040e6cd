package dev.tollgate.dialects.anthropic;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What a Claude model takes, by the version in its name; names without one are taken for the
 * newest. Quirks of the provider overrule: {@code thinking_budget}, {@code thinking_adaptive},
 * {@code no_output_format}, {@code no_sampling}.
 *
 * @param adaptiveThinking {@code thinking: adaptive} with an effort; older ones need a budget
 * @param summaries {@code thinking.display}: newer ones keep their thoughts back without it
 * @param outputFormat {@code output_config.format}; older ones get a forced tool
 * @param sampling temperature, top_p and top_k
 */
record ClaudeModel(
        boolean adaptiveThinking, boolean summaries, boolean outputFormat, boolean sampling) {
    private static final Pattern FAMILY_FIRST =
            Pattern.compile(".*claude-[a-z]+-(\\d)(?:[-.](\\d{1,2}))?(?![0-9]).*");
    private static final Pattern VERSION_FIRST =
            Pattern.compile(".*claude-(\\d)(?:[-.](\\d))?-[a-z]+.*");

    static ClaudeModel of(String name, List<String> quirks) {
        int version = version(name);
        boolean adaptive =
                quirks.contains("thinking_adaptive")
                        || (version >= 46 && !quirks.contains("thinking_budget"));
        return new ClaudeModel(
                adaptive,
                version >= 47,
                version >= 45 && !quirks.contains("no_output_format"),
                version < 47 && !quirks.contains("no_sampling"));
    }

    /** 45 for 4.5. */
    private static int version(String name) {
        for (var pattern : List.of(FAMILY_FIRST, VERSION_FIRST)) {
            var found = pattern.matcher(name);
            if (found.matches()) {
                int minor = found.group(2) == null ? 0 : Integer.parseInt(found.group(2));
                return Integer.parseInt(found.group(1)) * 10 + Math.min(minor, 9);
            }
        }
        return 99;
    }
}
