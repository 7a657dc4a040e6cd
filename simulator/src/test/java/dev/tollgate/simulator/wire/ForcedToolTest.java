package dev.tollgate.simulator.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForcedToolTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'tool_choice':{'type':'function','function':{'name':'f'}}}",
                "{'tool_choice':{'type':'function','name':'f'}}",
                "{'tool_choice':{'type':'tool','name':'f'}}",
                "{'tool_choice':'required','tools':[{'type':'function','function':{'name':'f'}}]}",
                "{'tool_choice':'required','tools':[{'type':'function','name':'f'}]}",
                "{'tool_choice':{'type':'any'},'tools':[{'name':'f'}]}",
                "{'toolConfig':{'functionCallingConfig':{'mode':'ANY'}},'tools':[{'functionDeclarations':[{'name':'f'}]}]}",
                "{'toolConfig':{'functionCallingConfig':{'mode':'ANY','allowedFunctionNames':['f']}},'tools':[{'functionDeclarations':[{'name':'f'},{'name':'g'}]}]}"
            })
    void isTheOnlyToolThatTheModelMayCall(String request) throws Exception {
        assertThat(forced(request)).isEqualTo("f");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'tools':[{'name':'f'}]}",
                "{'tool_choice':'auto','tools':[{'name':'f'}]}",
                "{'tool_choice':{'type':'auto'},'tools':[{'name':'f'}]}",
                "{'tool_choice':'required','tools':[{'name':'f'},{'name':'g'}]}",
                "{'toolConfig':{'functionCallingConfig':{'mode':'AUTO','allowedFunctionNames':['f']}}}"
            })
    void isNoneIfTheModelHasAChoice(String request) throws Exception {
        assertThat(forced(request)).isNull();
    }

    private static String forced(String request) throws JsonProcessingException {
        return ForcedTool.of(Json.MAPPER.readTree(request.replace('\'', '"')));
    }
}
