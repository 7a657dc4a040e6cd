package dev.tollgate.dialects.conversation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ThoughtTokensTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'thinking':{'type':'enabled','budget_tokens':2000}} | 2000",
                "{'thinking':{'type':'adaptive'}} | 4096",
                "{'thinking':{'type':'adaptive'},'output_config':{'effort':'low'}} | 1024",
                "{'generationConfig':{'thinkingConfig':{'thinkingBudget':512}}} | 512",
                "{'generation_config':{'thinking_config':{'thinking_budget':0}}} | 0",
                "{'generationConfig':{'thinkingConfig':{'thinkingBudget':-1}}} | 4096",
                "{'generationConfig':{'thinkingConfig':{'thinkingLevel':'MEDIUM'}}} | 2048",
                "{'reasoning_effort':'minimal'} | 1024",
                "{'reasoning_effort':'xhigh'} | 8192",
                "{'reasoning_effort':'someday'} | 4096",
                "{'reasoning':{'effort':'medium'}} | 2048",
                "{'reasoning':{'max_tokens':3000}} | 3000",
                "{'thinking':{'budget_tokens':9223372036854775807}} | 4294967296",
                "{'thinking':{'budget_tokens':1.5}} | 4096"
            })
    void isTheBudgetThatIsNamedOrThatOfTheLevel(String body, long tokens) {
        assertThat(ThoughtTokens.of(body.replace('\'', '"').getBytes(UTF_8))).isEqualTo(tokens);
    }
}
