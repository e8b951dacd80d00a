"""Words that matter for what a sentence says, or do not, in the languages whose dumps are most common.

In: nothing. Out: sets of folded words (`algorithms.text.fold_words`: lower case, without apostrophes).

>>> "dont" in NEGATIONS, NUMBER_WORDS["seven"], "would" in PLAIN_WORDS
(True, 7, True)
"""

from __future__ import annotations

# Words that say "not" in nearly every sentence they stand in; nor comes beside another. English, German, French,
# Spanish, Chinese (where a character is a word).
_NEGATIONS = """
not no never none nobody nothing neither nowhere cannot without nt
nicht nichts kein keine keinen keinem keiner nie niemals
ne jamais aucun aucune nunca jamás
不 没 沒 未 无 無
"""
_NEGATED = "ai am are ca cann could did does do had has have is might must need should sha was were will wo would"

# Numbers in order. Not "one" and its like, which are pronouns as well.
_COUNTED = """
two three four five six seven eight nine ten eleven twelve
zwei drei vier fünf sechs sieben acht neun zehn elf zwölf
deux trois quatre cinq six sept huit neuf dix onze douze
dos tres cuatro cinco seis siete ocho nueve diez once doce
二 三 四 五 六 七 八 九
"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"

# Words that serve grammar alone: whoever improves a sentence changes them first.
_PLAIN = """
a an the this that these those some any each every all both either such another other others same own
i me my mine myself you your yours yourself he him his himself she her hers herself it its itself
we us our ours ourselves they them their theirs themselves one ones who whom whose which what
and or but nor so yet if then than because as while although though unless until since whether when where
why how of in on at by for with about against between into through during before after above below to
from up down out off over under upon within along across around toward towards onto per via
be am is are was were been being do does did doing done have has had having will would shall should can
could may might must ought im ive id ill youre youve youd youll hes shes theyre theyve weve
thats theres whats lets there here also too very just even only still again already really quite rather
s t d m re ve ll o
der die das den dem des ein eine einen einem einer eines und oder aber wenn dass ist sind war waren
ich du er sie es wir ihr sich mich mir dich dir ihn ihm uns euch zu zum zur im am vom beim mit von auf
le la les un une des du de et ou mais que qui est sont je tu il elle nous vous ils elles se ce cette
el los las una unos unas y pero es son yo él ella nosotros ellos su sus mi lo al del por para con
的 了 是 在 和 就 都 也 着 吗 呢 吧 把 被
"""

NEGATIONS = frozenset(_NEGATIONS.split()) | {f"{verb}nt" for verb in _NEGATED.split()}

NUMBER_WORDS = {"hundred": 100, "thousand": 1000, "million": 1_000_000} | {
    word: number for line in _COUNTED.strip().splitlines() for number, word in enumerate(line.split(), 2)
}
NUMBER_WORDS |= {word: 10 * number for number, word in enumerate(_TENS.split(), 2)}

PLAIN_WORDS = frozenset(_PLAIN.split()) - NEGATIONS - NUMBER_WORDS.keys()
