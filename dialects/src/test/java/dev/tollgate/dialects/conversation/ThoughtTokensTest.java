package dev.tollgate.dialects.conversation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'thinking':{'type':'disabled'}}",
                "{'thinking':{'type':'disabled'},'output_config':{'effort':'high'}}",
                "{'generationConfig':{'thinkingConfig':{'thinkingBudget':0}}}",
                "{'reasoning_effort':'none'}",
                "{'reasoning':{'effort':'none'}}",
                "{'reasoning':{'effort':'none','summary':'auto'}}",
                "{'reasoning':{'enabled':false}}",
                "{'reasoning':{'enabled':false,'exclude':true}}",
                "{'reasoning':{'max_tokens':0}}",
                "{'reasoning_effort':'high','enable_thinking':false}"
            })
    void isNothingWhereNoThoughtsAreAskedFor(String body) {
        assertThat(ThoughtTokens.of(body.replace('\'', '"').getBytes(UTF_8))).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'generationConfig':{'thinkingConfig':{'includeThoughts':false}}} | 4096",
                "{'generationConfig':{'thinkingConfig':{'includeThoughts':false,'thinkingLevel':'LOW'}}} | 1024",
                "{'reasoning':{'exclude':true}} | 4096",
                "{'reasoning':{'enabled':true}} | 4096",
                "{'reasoning':{'enabled':false,'effort':'medium'}} | 2048",
                "{'thinking':{'type':'enabled','budget_tokens':2000,'display':'omitted'}} | 2000"
            })
    void isTheSameWhereThoughtsAreOnlyHidden(String body, long tokens) {
        assertThat(ThoughtTokens.of(body.replace('\'', '"').getBytes(UTF_8))).isEqualTo(tokens);
    }
}
