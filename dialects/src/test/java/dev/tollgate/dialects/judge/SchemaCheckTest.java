package dev.tollgate.dialects.judge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.codec.Json;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchemaCheckTest {

    private static boolean fits(String schema, String value) {
        var read = Json.parseObject(schema.replace('\'', '"'));
        return new SchemaCheck(Objects.requireNonNull(read)).fits(value.replace('\'', '"'), false);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{'type':'string'}|'a'|1",
                "{'type':'STRING'}|'a'|1",
                "{'type':['string','null']}|null|1",
                "{'type':'string','nullable':true}|null|1",
                "{'type':'integer'}|2.0|2.5",
                "{'type':'number'}|2.5|'2.5'",
                "{'type':'boolean'}|true|0",
                "{'enum':['a',1]}|1.0|'b'",
                "{'const':'x'}|'x'|'y'",
                "{'type':'array','items':{'type':'integer'}}|[1,2]|[1,'2']",
                "{'type':'array','minItems':1,'maxItems':2}|[1]|[]",
                "{'type':'array','maxItems':2}|[1,2]|[1,2,3]",
                "{'type':'object','required':['a']}|{'a':null}|{'b':1}",
                "{'properties':{'a':{'type':'string'}}}|{'b':1}|{'a':1}",
                "{'additionalProperties':{'type':'string'}}|{'b':'1'}|{'b':1}",
                "{'properties':{'a':{}},'additionalProperties':false}|{'a':1}|{'b':1}",
                "{'anyOf':[{'type':'string'},{'type':'integer'}]}|1|true",
                "{'oneOf':[{'type':'string'},{'type':'integer'}]}|1|true",
                "{'allOf':[{'type':'object'},{'required':['a']}]}|{'a':1}|{}",
                "{'$ref':'#/$defs/d','$defs':{'d':{'type':'string'}}}|'a'|1",
                "{'properties':{'next':{'$ref':'#'}},'required':['v']}|{'v':1,'next':{'v':2}}|{'v':1,'next':{}}",
            })
    void takesWhatFitsAndNothingElse(String schema, String good, String bad) {
        assertThat(fits(schema, good)).as("%s of %s", good, schema).isTrue();
        assertThat(fits(schema, bad)).as("%s of %s", bad, schema).isFalse();
    }

    @Test
    void looksAtNoOtherWords() {
        assertThat(fits("{'type':'string','pattern':'^a$','minLength':9}", "'b'")).isTrue();
        assertThat(fits("{'$ref':'https://example.com/s'}", "1")).isTrue();
    }

    @Test
    void endsOnASchemaThatRefersToItself() {
        assertThat(fits("{'$ref':'#'}", "1")).isTrue();
        assertThat(fits("{'anyOf':[{'$ref':'#'},{'$ref':'#'}]}", "1")).isTrue();
    }

    @Test
    void refusesWhatIsNoJson() {
        assertThat(fits("{}", "")).isFalse();
        assertThat(fits("{}", "{} {}")).isFalse();
        assertThat(fits("{}", "[1,]")).isFalse();
    }

    @Test
    void takesABareTextAsItIs() {
        var schema = Objects.requireNonNull(Json.parseObject("{\"enum\":[\"red\"]}"));
        assertThat(new SchemaCheck(schema).fits("red\n", true)).isTrue();
        assertThat(new SchemaCheck(schema).fits("blue", true)).isFalse();
    }
}
