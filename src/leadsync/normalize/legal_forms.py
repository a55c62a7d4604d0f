"""Legal forms: how each is written, spelled out and abbreviated, and the one code that stands for all of it.

In the spirit of ISO 20275, but coarser: a code stands for a form as people use it across registers ("ltd", "sa"), since
a CRM never says which of a country's variants it means. Collected from the endings and beginnings of the 3.1 million
legal names of the Global LEI register, October 2025.
"""

from __future__ import annotations

_FORMS = """
ltd = ltd | ltee | limitee | co ltee | limited | private company limited by shares | company limited | co ltd
  | co limited | coltd | company ltd | limited company | company limited by shares | limitd | limted | uk ltd co
  | ^kabushiki gaisha ltd
pvtltd = pvt ltd | private limited | private ltd | pvt limited | p ltd | p limited | pvtltd | private limited company
  | plc pvt
ptyltd = pty ltd | pty limited | proprietary limited | proprietary ltd | ptyltd | pty
pteltd = pte ltd | pte limited | pteltd | pte
plc = plc | public limited company | public ltd company | public limited co | plc public limited company
  | public co ltd | public company limited | pcl | public company ltd | public co limited | company plc | ccc
dac = dac | designated activity company
ulc = ulc | unlimited company | unlimited liability company | unlimited | unlimited liability corporation
clg = clg | company limited by guarantee
inc = inc | incorporated | incorporation | co inc | company inc | incorporatd
corp = corp | corporation | corporations | cor
co = co | company | companies | compagnie | cie | compania | cia | et cie | und co | and co | and company
llc = llc | limited liability company | ltd liability co | ltd liability company | limited liability co | l l c | lc
  | pllc | limited liability corporation | fzllc | fz llc | wll | with limited liability | fzco | fze | dmcc
lp = lp | limited partnership | ltd partnership | limited partners | ltd lp | slp | ilp
llp = llp | limited liability partnership | lllp
gp = gp | general partnership
na = na@US | national association@US
fsb = fsb@US | federal savings bank@US | ssb@US
gmbh = gmbh | gesellschaft mit beschrankter haftung | gesellschaft mbh | ges mbh | gesmbh | mbh | gesellschaft m b h
  | mit beschrankter haftung | gmbh mit beschrankter haftung | gesellschaft mit beschr haftung
  | gesellschaft m beschr haftung | g m b h | ggmbh | gemeinnutzige gmbh | gesellschaft mit beschraenkter haftung
  | gemeinnutzige gesellschaft mit beschrankter haftung
ug = ug haftungsbeschrankt | ug | unternehmergesellschaft haftungsbeschrankt | unternehmergesellschaft
  | haftungsbeschrankt
ag = ag | aktiengesellschaft | aktien gesellschaft | a g | inhaberaktien
kgaa = kgaa | kommanditgesellschaft auf aktien | se and co kgaa | ag and co kgaa | gmbh and co kgaa | co kgaa
gmbhcokg = gmbh and co kg | gmbh co kg | gmbh and co kommanditgesellschaft | mbh and co kg | mbh co kg | and co kg
  | co kg | gmbh and compagnie kg | gesellschaft mit beschrankter haftung and co kg | gmbh und co kg | mbh und co kg
  | gmbh and cokg | gesellschaft mbh and co kg | gmbh and co kommandit gesellschaft | ag and co kg | se and co kg
  | gmbh cokg | gesellschaft mit beschrankter haftung and co kommanditgesellschaft | ug haftungsbeschrankt and co kg
  | ges mbh and co kg | and co kommanditgesellschaft | und co kg | und co kommanditgesellschaft
kg = kg | kommanditgesellschaft | kommandit gesellschaft
ohg = ohg | offene handelsgesellschaft | og | offene gesellschaft | gmbh and co ohg
gbr = gbr | egbr | gesellschaft burgerlichen rechts
eg = eg | eingetragene genossenschaft | egen | registrierte genossenschaft mit beschrankter haftung | genossenschaft
  | e g | registrierte genossenschaft | reg gen mbh | reg genmbh | rgenmbh | registrierte genossenschaft m b h
  | reggenmbh | genossenschaft mit beschrankter haftung | eingetragene genossenschaft mit beschrankter haftung
  | eg mbh
ev = ev | eingetragener verein | e v | verein
ek = ek | e k | eu@AT | eingetragener kaufmann | e kfm | ekfm | einzelunternehmen
se = se | societas europaea | societas europea | europaische gesellschaft | s e
sce = sce
sa = sa | societe anonyme | sociedad anonima | societa anonima | sociedade anonima | ^societe anonyme
  | ^sa@FR,BE,LU,MA | s a@AR,CL,CO,MX,PE,ES | spolka akcyjna | societate pe actiuni | socit anonyme | sa a
  | societe anonyme d | ae@GR | anonimi etairia | anonymi etairia | anonymi etaireia | anonimi etaireia | soc an
  | sa esp | sociedad anonima esp | societe anonyme a conseil d administration | sa sociedad unipersonal | sau
  | sa unipersonal | saa@PE | sociedad anonima unipersonal | sociedad anonima abierta | sociedad anonima cerrada
  | sac@PE | ciasa | sgps sa | sa sgps | san | saic | saci | sacif | saica | saf | aktiebolag sa | cia sa
  | sociedad anonima compania de seguros y reaseguros
sab = sab de cv | sociedad anonima bursatil de capital variable | sab | s a b de c v
sadecv = sa de cv | sociedad anonima de capital variable | s a de c v | sa de capital variable | cv@MX | de cv
sapi = sapi de cv | sociedad anonima promotora de inversion de capital variable | sapib de cv | sapi
srldecv = s de rl de cv | sociedad de responsabilidad limitada de capital variable | srl de cv | s de rl
sas = sas | societe par actions simplifiee | sasu | ^sas | societe par actions simplifiee unipersonnelle
  | societe par actions simplifiee a associe unique | sociedad por acciones simplificada | s a s@CO,AR | sas esp
  | ^sasu
sarl = sarl | societe a responsabilite limitee | ^sarl | eurl | ^eurl | sa rl | sarl s | sarls | sarlau | srl@BE
  | sprl | societe a responsabilite limitee unipersonnelle | societe privee a responsabilite limitee | ^sprl | srls@LU
  | ^srl@BE
sca = sca | societe en commandite par actions | kgaa sca | scpa
scs = scs | societe en commandite simple | scsp | societe en commandite speciale | secs
snc = snc | csnc | and csnc | e csnc | societe en nom collectif | ^snc | societa in nome collettivo | e c snc
  | and c snc | c snc | di c snc
sci = sci | ^sci | societe civile immobiliere | ^societe civile immobiliere | ^scea | scea | ^gaec | gaec | earl
  | ^earl | ^scm | ^sc@FR | ^societe civile | ^selarl | selarl | selas | ^selas | ^scp | scp | gfa | ^gfa | scic
  | scop
gie = gie | ^gie | groupement d interet economique | groupement interet economique
coopfr = societe cooperative | sc@BE,LU,FR | scrl | cvba | cv@BE | societe cooperative a responsabilite limitee
  | societe cooperative a capital variable | cooperatieve vennootschap | scrlfs | sccv
srl = srl | sagl | societa a garanzia limitata | csrl | and csrl | c srl | and c srl
  | societa a responsabilita limitata | s r l | a responsabilita limitata | srl unipersonale | srlu
  | societa a responsabilita limitata unipersonale | societate cu raspundere limitata | ^sc@RO | srl societa benefit
  | sociedad de responsabilidad limitada | societa responsabilita limitata | soc a resp lim | a socio unico srl
  | srl a socio unico | srl in breve | srl sb | societa benefit srl | societa benefit | societa tra professionisti srl
  | srl stp | societa a responsabilita limitata a socio unico | srl con socio unico | srl con unico socio
srls = srls | societa a responsabilita limitata semplificata | a responsabilita limitata semplificata
  | srl semplificata
spa = spa | societa per azioni | sociedad por acciones | s p a | societa per azioni unipersonale | per azioni
  | spa unipersonale | spa societa benefit | spa con socio unico | societa per azioni a socio unico
  | spa a socio unico | soc per azioni
sapa = sapa | societa in accomandita per azioni
sasit = societa in accomandita semplice | csas | and csas | e csas | and c | e c@IT | c@IT | e c sas | and c sas
  | c sas | di c sas
ss = ss@IT | societa semplice | s s@IT | societa semplice agricola | ss agricola
scarl = scarl | societa cooperativa | soc coop | societa cooperativa a responsabilita limitata | scrl@IT
  | soc coop arl | societa cooperativa per azioni | scpa@IT | societa consortile a responsabilita limitata
  | soc coop pa | scpa | soc cooperativa | a rl | cooperativa a rl | societa consortile | societa cooperativa sociale
  | cooperativa sociale | societa cooperativa agricola | soc coop a rl | societa cooperativa in breve | sc@IT | s c@IT
  | scaf | societa co operativa | soc coop per azioni | soc coop agricola | credito cooperativo societa cooperativa@XX
  | onlus | sociale onlus | scral | socoop
sl = sl | sociedad limitada | slu | sl unipersonal | sociedad limitada unipersonal | sl sociedad unipersonal | sll
  | slne | sociedad limitada profesional | slp@ES | sociedad limitada laboral | s l@ES
  | sociedad de responsabilidad limitada@ES | sl en liquidacion@XX | sociedad unipersonal | unipersonal
coopes = sociedad cooperativa | s coop | scoop | scl | scc | sociedad cooperativa de credito | s coop de credito
  | sociedad cooperativa limitada | scoopcl | s coop de c | scooplimitada | coop v | coop de credito v | sociedad coop
  | soc coop de credito
aie = aie | cb@ES | comunidad de bienes | scp@ES
lda = lda | limitada@PT | unipessoal lda | sociedade unipessoal lda | limitada unipessoal | lda unipessoal
ltda = ltda | limitada | ltda me | ltda epp | me ltda | sociedad limitada ltda | ltda esp | resp limitada | y cia ltda
  | e cia ltda
eireli = eireli | eireli me | eireli epp
sabr = sa@BR
crl = crl | cooperativa de responsabilidade limitada
nv = nv | naamloze vennootschap | ^nv | nv sa | sa nv | n v | ^naamloze vennootschap | sanv | nvsa
bv = bv | besloten vennootschap | besloten vennootschap met beperkte aansprakelijkheid | bvba | b v | ^bv | ^bvba
  | ^besloten vennootschap | besloten vennootschap met beperkte aansprakelijkheid bv | bv in oprichting | b v i o
  | bv bvba | comm v | commv | bv srl
cvnl = cv@NL | commanditaire vennootschap | gcv | scomm | comm va
vof = vof | vennootschap onder firma
ua = ua | cooperatieve ua | cooperatie ua | cooperatief ua | uitgesloten aansprakelijkheid | ba@NL
maatschap = ^maatschap | maatschap
ab = ab | aktiebolag | ^ab | ab publ | publikt aktiebolag | ^aktiebolaget | aktiebolaget | publ ab | ^aktiebolag
  | publ | oy ab | ab oy | bankaktiebolag | forsakringsaktiebolag | forsakrings ab | bank ab@XX
hb = hb | handelsbolag | ^handelsbolaget
kb = kb@SE | kommanditbolag | ^kommanditbolaget
ekf = ekonomisk forening | ek for | ekf
as = as | a s | aktieselskab | aksjeselskap | aktsiaselts | ^as@EE,LV,NO | ^aktsiaselts | akciova spolecnost
  | akciova spolocnost | akciju sabiedriba | ^akciju sabiedriba | anonim sirketi | aso | aksjeselskapet | a s@CZ,SK
  | ^a s@LV | anonim ortakligi | as tas | ticaret as@XX | turk anonim sirketi | tao@TR | turk anonim ortakligi
  | sicav as
asa = asa | allmennaksjeselskap
aps = aps | anpartsselskab | i vs | ivs | ivaerksaetterselskab
isdk = i s@DK | is@DK | interessentskab
ks = ks@DK,NO,CZ,SK | kommanditselskab | kommandittselskap | p s@DK | ps@DK | partnerselskab | komanditni spolecnost
amba = amba | a m b a | andelsselskab med begraenset ansvar | smba | fmba
ans = ans@NO | da@NO | ansvarlig selskap
sanok = sa@NO | samvirkeforetak | bbl | bl@NO
oy = oy | osakeyhtio | ^oy | oy ltd | ^osakeyhtio | o y | yksityinen osakeyhtio
oyj = oyj | julkinen osakeyhtio | abp | oyj abp
ky = ky@FI | kommandiittiyhtio
osk = osk | osuuskunta | andelslag
ry = ry | r y | rf | sr@FI | saatio sr
ou = ou | osauhing | ^ou | ^osauhing
tu = tu@EE | taisuhing | uu@EE | taisuhing tu | fie@EE
mtu = mtu
sia = sia | ^sia | sabiedriba ar ierobezotu atbildibu | ^sabiedriba ar ierobezotu atbildibu
uab = uab | ^uab | uzdaroji akcine bendrove | ^uzdaroji akcine bendrove
ablt = ab@LT | ^ab@LT | akcine bendrove | ^akcine bendrove
mb = mb@LT | ^mb@LT | mazoji bendrija
zoo = sp zoo | spolka z ograniczona odpowiedzialnoscia | sp z oo | spolka zoo | sp z o o | spolka z oo | spzoo
  | sp zo o | z oo | spolka z ograniczona odpowiedzialnoscia w organizacji | z ograniczona odpowiedzialnoscia
zookom = spolka z ograniczona odpowiedzialnoscia spolka komandytowa | sp zoo sp k | sp zoo spolka komandytowa
  | sp z oo sp k | spolka z ograniczona odpowiedzialnoscia sp k | sp zoo sk | sp z oo sk
  | spolka z ograniczona odpowiedzialnoscia sk
spk = sp k | spolka komandytowa | spk | sk@PL
spj = sp j | spolka jawna | spj
ska = ska@PL | spolka komandytowo akcyjna
sco = sc@PL | spolka cywilna
sro = sro | s ro | spol s ro | spolecnost s rucenim omezenym | spolocnost s rucenim obmedzenym | spol sro | spolsro
  | s r o
vos = vos@CZ,SK | verejna obchodni spolecnost
doo = doo | d oo | drustvo s ogranicenom odgovornoscu | ^doo | druzba z omejeno odgovornostjo | d o o | doo za usluge
  | drustvo s ogranicenom odgovornoscu za usluge | drustvo s ogranicenom odgovornoscu za trgovinu i usluge
  | doo za trgovinu i usluge | doo za trgovinu | drustvo sa ogranicenom odgovornoscu | doo za proizvodnju | jdoo
  | doo za trgovinu usluge
dd = dd@HR,SI,BA,ME | dionicko drustvo | delniska druzba | ad@RS,ME,BA,MK | akcionarsko drustvo
kft = kft | korlatolt felelossegu tarsasag
zrt = zrt | zartkoruen mukodo reszvenytarsasag | zartkoru reszvenytarsasag | zrt zartkoruen mukodo reszvenytarsasag
nyrt = nyrt | nyilvanosan mukodo reszvenytarsasag | rt@HU | reszvenytarsasag
bt = bt@HU | beteti tarsasag
eood = eood | ednolichno druzhestvo s ogranichena otgovornost
ood = ood | druzhestvo s ogranichena otgovornost
ad = ad@BG | aktsionerno druzhestvo | ead@BG | ednolichno aktsionerno druzhestvo
srlro = ^sc@MD
ooo = ooo | ^ooo | obshchestvo s ogranichennoy otvetstvennostyu | ^obshchestvo s ogranichennoy otvetstvennostyu
  | tov@UA | ^tov | ^tovaristvo z obmezhenoyu vidpovidalnistyu | ^too | too@KZ
  | ^tovarishchestvo s ogranichennoy otvetstvennostyu | odo@BY | tovaristvo z obmezhenoyu vidpovidalnistyu
  | tovarishchestvo s ogranichennoy otvetstvennostyu | ^mchj | mchj
jsc = jsc | joint stock company | ao@RU,KZ,KG,UZ | ^ao@RU,KZ,KG,UZ,BY | aktsionernoe obshchestvo
  | ^aktsionernoe obshchestvo | ^jsc | ^joint stock company | aktsionerne tovaristvo | ^aktsionerne tovaristvo
  | ^at@UA | at@UA | joint stock co | joint stock | ^joint stock | sjsc | qsc | qpsc | saog | saoc | bsc | bsc c
  | kscp | ksc | ksc c | kpsc | saudi joint stock company | jsc c | sjc | public shareholding company
  | shareholding company | sae@EG,ES | s a e@EG
pjsc = pjsc | ^pjsc | pao | ^pao | publichnoe aktsionernoe obshchestvo | ^publichnoe aktsionernoe obshchestvo | ^oao
  | oao | public joint stock company | ^public joint stock company | ^otkrytoe aktsionernoe obshchestvo
  | otkrytoe aktsionernoe obshchestvo | open joint stock company | ojsc | ^ojsc | ^publichne aktsionerne tovaristvo
  | ^pat@UA | ^open joint stock company | mezhdunarodnaya kompaniya publichnoe aktsionernoe obshchestvo
  | ^mezhdunarodnaya kompaniya publichnoe aktsionernoe obshchestvo | ^mkpao | mkpao
cjsc = cjsc | ^cjsc | ^zao | zao | closed joint stock company | ^zakrytoe aktsionernoe obshchestvo
  | zakrytoe aktsionernoe obshchestvo | ^prat@UA | nepublichnoe aktsionernoe obshchestvo | ^nao@RU
  | private joint stock company | ^closed joint stock company
ltdsti = limited sirketi | ltd sti | ltdsti
sdnbhd = sdn bhd | sendirian berhad | sdnbhd
bhd = bhd | berhad
pt = ^pt | pt | ^perseroan terbatas | pt persero | ^pt persero | perseroan terbatas
tbk = tbk | pt tbk | tbk pt | persero tbk | persero tbk pt
kk = kk@JP | kaisha ltd | kaisha@JP | gaisha@JP | kabushiki kaisha | kabushiki gaisha | ^kk
  | ^kabushiki kaisha | ^kabushiki gaisha
gk = gk@JP | godo kaisha | ^godo kaisha
cokr = jusighoesa | ^jusighoesa | yuhanhoesa
aeepey = aepey | aeepey | aedak | aeap | ae@GR | anonymos etaireia | anonymi trapeziki etaireia
ike = ike@GR | etaireia periorismenis eythynis | monoprosopi ike | idiotiki kefalaiouchiki etaireia | epe@GR | ae epe
ehf = ehf | einkahlutafelag | slhf@XX
hf = hf@IS | hlutafelag
pllcvn = cong ty co phan | ^cong ty co phan | jsc@VN | ^cong ty tnhh | ^cong ty trach nhiem huu han
shpk = shpk | sh pk | sha | sh a
mchk = ^stse
spc = spc@KY | pcc | icc@JE,GG | sac@BS
gen = sgr spa | sgr
"""


def _read(text: str) -> tuple[dict[tuple[str, ...], list[tuple[str, frozenset[str]]]], ...]:
    """Two tables (endings, beginnings): the words → [(code, the only countries where it counts; empty: all)]."""
    endings: dict[tuple[str, ...], list[tuple[str, frozenset[str]]]] = {}
    beginnings: dict[tuple[str, ...], list[tuple[str, frozenset[str]]]] = {}
    for entry in text.replace("\n  |", " |").strip().split("\n"):
        code, _, variants = entry.partition(" = ")
        for variant in variants.split(" | "):
            words, _, places = variant.strip().partition("@")
            table = beginnings if words.startswith("^") else endings
            key = tuple(fold(word) for word in words.removeprefix("^").split())
            table.setdefault(key, []).append((code, frozenset(places.split(",")) if places else frozenset()))
    return endings, beginnings


def fold(word: str) -> str:
    """One spelling for umlauts, written out or dropped: "mueller" and "muller" → "muller"; short words stay."""
    if len(word) < 5:
        return word
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


ENDINGS, BEGINNINGS = _read(_FORMS)
LONGEST = max(map(len, ENDINGS))
LAST_WORDS = frozenset(words[-1] for words in ENDINGS)
FIRST_WORDS = frozenset(words[0] for words in BEGINNINGS)

FAMILIES = (
    frozenset({"ltd", "pvtltd", "ptyltd", "pteltd", "dac", "sdnbhd", "plc"}),
    frozenset({"inc", "corp", "co", "ltd"}),
    frozenset({"sa", "sabr", "spa", "ag", "nv", "as", "ab", "plc", "oyj", "asa", "se", "jsc", "pjsc", "cjsc", "ad",
               "dd", "nyrt", "zrt", "sab", "sadecv", "tbk", "kk", "bhd", "ablt", "aeepey", "hf", "cokr", "ltd", "inc",
               "corp"}),
    frozenset({"gmbh", "srl", "sarl", "sl", "bv", "ltda", "lda", "doo", "kft", "zoo", "sro", "aps", "ou", "sia", "uab",
               "ooo", "eood", "ood", "llc", "ltd", "srls", "ehf", "ltdsti", "ike", "gk", "ug", "srldecv", "oy"}),
    frozenset({"gmbhcokg", "kg", "kgaa"}),
    frozenset({"scarl", "coopfr", "coopes", "eg", "crl", "ua", "osk", "ekf", "amba", "sce"}),
    frozenset({"pt", "tbk"}),
    frozenset({"lp", "llp", "scs", "spk", "zookom", "cvnl", "kb", "ks", "ky"}),
)  # fmt: skip
"""Forms that are each other's counterparts, or used for one another in translation."""


def related(a: str, b: str) -> bool:
    """Whether two form codes may be renderings of one form: "ltd" for "plc", "sa" for "ag"."""
    return a == b or any(a in family and b in family for family in FAMILIES)
