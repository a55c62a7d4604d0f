"""Words that name no company, in other scripts: legal forms, trades, places, and what the rest of the world says."""

from __future__ import annotations

_CJK = """
股份有限公司 co ltd|有限責任公司 co ltd|有限责任公司 co ltd|有限公司 co ltd|股份公司 co ltd
股份两合公司 co ltd|株式会社 kabushiki kaisha|(株) kabushiki kaisha|（株） kabushiki kaisha
合同会社 godo kaisha|有限会社 co ltd|特例有限会社 co ltd|合資会社 co ltd|合名会社 co ltd
相互会社 mutual company|投資法人 investment corporation|一般社団法人 general incorporated association
農業協同組合 agricultural cooperative|協同組合 cooperative|生活協同組合 consumers cooperative
信用金庫 shinkin bank|信用組合 credit cooperative|信用保証協会 credit guarantee|주식회사 co ltd|(주) co ltd
유한회사 co ltd|유한책임회사 llc|集团 group|集團 group|グループ group|控股 holdings
ホールディングス holdings|ホールディング holding|持株会社 holdings|銀行 bank|银行 bank|信託銀行 trust bank
商业银行 commercial bank|商業銀行 commercial bank|农村商业 rural commercial|農村商業 rural commercial
城市商业 city commercial|村镇 village|农村信用 rural credit|信用合作联社 credit union
信用合作社 credit union|工商 industrial and commercial|农业发展 agricultural development|开发 development
開発 development|發展 development|发展 development|进出口 export import|邮政储蓄 postal savings
证券 securities|證券 securities|証券 securities|期货 futures|期貨 futures|保险 insurance|保險 insurance
保険 insurance|生命保険 life insurance|人寿保险 life insurance|人壽保險 life insurance|人寿 life|人壽 life
损害保険 insurance|火災海上 fire and marine|财产保险 property insurance|產物保險 insurance
基金管理 fund management|资产管理 asset management|資產管理 asset management
アセットマネジメント asset management|投資信託 investment trust|信託 trust|信托 trust|科技 technology
技术 technology|技術 technology|テクノロジー technology|テクノロジーズ technologies|金融 financial
金融控股 financial holding|フィナンシャル financial|ファイナンス finance|ファイナンシャル financial
キャピタル capital|リース lease|租赁 leasing|租賃 leasing|电子 electronics|電子 electronics|電機 electric
電気 electric|电气 electric|電器 electric|电器 electric|電力 electric power|电力 power|電工 electric
工业 industry|工業 industries|重工業 heavy industries|重工 heavy industries|实业 industrial|實業 industrial
産業 industries|產業 industries|产业 industry|製造 manufacturing|制造 manufacturing|製作所 |製鋼所 steel
製鋼 steel|製鉄 steel|鉄鋼 steel|钢铁 iron and steel|鋼鐵 steel|金属 metal|金屬 metal|非鉄金属 metal
化学 chemical|化學 chemical|化工 chemical|石油化学 petrochemical|石化 petrochemical|石油 oil|天然气 gas
ガス gas|製薬 pharmaceutical|薬品 pharmaceutical|制药 pharmaceutical|製藥 pharmaceutical|医药 pharmaceutical
药业 pharmaceutical|生物 bio|医疗 medical|醫療 medical|汽车 automobile|汽車 automobile|自動車 motor
鉄道 railway|铁路 railway|電鉄 electric railway|航空 airlines|海運 shipping|航运 shipping|物流 logistics
運輸 transport|倉庫 warehouse|通信 communications|通讯 communications|通訊 communications|电信 telecom
電信 telecom|移动 mobile|情報 information|信息 information|信息技术 information technology|软件 software
ソフトウェア software|网络 network|システム system|システムズ systems|システム開発 system development
サービス service|服务 services|服務 services|コンサルティング consulting|ソリューション solution
ソリューションズ solutions|建设 construction|建設 construction|建築 architecture|工程 engineering
エンジニアリング engineering|工務店 komuten|不動産 real estate|房地产 real estate|地产 real estate
置业 properties|置業 properties|プロパティ property|物业 property|建材 building materials|水泥 cement
セメント cement|食品 food|饮料 beverage|飲料 beverage|製粉 flour milling|製糖 sugar|水産 suisan
农业 agriculture|農業 agriculture|紡織 textile|纺织 textile|繊維 textile|製紙 paper|造纸 paper|印刷 printing
出版 publishing|文化 culture|传媒 media|メディア media|教育 education|大学 university|大學 university
研究所 research institute|研究院 research institute|学校 school|病院 hospital|医院 hospital|商事 shoji
商社 shosha|贸易 trading|貿易 trading|国际贸易 international trade|进出口贸易 import and export trading
進出口 import and export|商贸 trading|投资 investment|投資 investment|投资管理 investment management
股权投资 equity investment|资本 capital|資本 capital|资产 asset|資產 asset|管理 management
企业管理 enterprise management|企業 enterprise|企业 enterprise|合伙企业 partnership
有限合伙 limited partnership|能源 energy|エネルギー energy|新能源 new energy|光伏 photovoltaic
半导体 semiconductor|半導體 semiconductor|半導体 semiconductor|材料 materials|新材料 new materials
环保 environmental|設備 equipment|设备 equipment|机械 machinery|機械 machinery|機器 equipment|精密 precision
光電 optoelectronics|光学 optical|电脑 computer|電腦 computer|国际 international|國際 international
国際 international|インターナショナル international|全球 global|グローバル global|环球 global|亚洲 asia
亞洲 asia|アジア asia|太平洋 pacific|パシフィック pacific|中央 central|第一 first|分行 branch|支店 branch
分公司 branch|在日支店 japan branch|支行 branch|省 |市 |县 |區 |区 |中国 china|中國 china|中华 china
中華 china|日本 japan|ジャパン japan|韓国 korea|香港 hong kong|澳門 macau|澳门 macau|台灣 taiwan|臺灣 taiwan
台湾 taiwan|台北 taipei|臺北 taipei|高雄 kaohsiung|北京 beijing|上海 shanghai|广东 guangdong|廣東 guangdong
广州 guangzhou|廣州 guangzhou|深圳 shenzhen|天津 tianjin|重庆 chongqing|重慶 chongqing|厦门 xiamen
西藏 tibet|内蒙古 inner mongolia|新疆 xinjiang|哈尔滨 harbin|长沙 changsha|长江 changjiang|长春 changchun
长城 great wall|長江 cheung kong|長榮 evergreen|美国 america|美國 america|アメリカ america|ヨーロッパ europe
東日本 east japan|西日本 nishi nippon|北海道 hokkaido|九州 kyushu|東京 tokyo|大阪 osaka|京都 kyoto
名古屋 nagoya|横浜 yokohama|神戸 kobe|広島 hiroshima|福岡 fukuoka|富士 fuji
"""
_KOREAN = """
은행 bank|증권 securities|투자증권 investment securities|금융투자 financial investment
금융지주 financial group|금융 financial|지주 holdings|지주회사 holdings|홀딩스 holdings|그룹 group
생명보험 life insurance|생명 life|손해보험 general insurance|화재해상보험 fire and marine insurance
화재 fire|보험 insurance|자산운용 asset management|자산신탁 asset trust|신탁 trust|캐피탈 capital|카드 card
저축은행 savings bank|전자 electronics|전기 electric|전력 electric power|반도체 semiconductor
디스플레이 display|화학 chemical|케미칼 chemical|중공업 heavy industries|조선 shipbuilding|건설 construction
산업 industries|산업개발 industrial development|개발 development|물산 c and t|상사 trading
제약 pharmaceutical|바이오 bio|바이오로직스 biologics|식품 food|제과 confectionery|음료 beverage|제지 paper
시멘트 cement|제철 steel|철강 steel|자동차 motor|모비스 mobis|항공 airlines|해운 shipping
상선 merchant marine|통신 telecom|텔레콤 telecom|정보통신 information communication|시스템 systems
소프트 soft|테크 tech|엔지니어링 engineering|에너지 energy|솔루션 solution|가스 gas|가스공사 gas corporation
공사 corporation|석유 oil|오일 oil|유화 petrochemical|인터내셔널 international|글로벌 global|코리아 korea
한국 korea|대한 korea|서울 seoul|부산 busan|대구 daegu|현대 hyundai|삼성 samsung|유통 distribution
쇼핑 shopping|백화점 department store|홈쇼핑 home shopping|무역 trading|투자 investment
엔터테인먼트 entertainment|미디어 media|네트웍스 networks|로지스틱스 logistics|물류 logistics|서비스 service
"""
_THAI = """
บริษัท |จำกัด (มหาชน) pcl|จำกัด(มหาชน) pcl|จำกัด ltd|มหาชน |ห้างหุ้นส่วน partnership|ธนาคาร bank
หลักทรัพย์ securities|หลักทรัพย์จัดการกองทุน asset management|กองทุน fund|กองทุนรวม fund|ประกันภัย insurance
ประกันชีวิต life assurance|ลิสซิ่ง leasing|แคปปิตอล capital|แคปิตอล capital|พลังงาน energy|เอนเนอร์จี energy
เพาเวอร์ power|อุตสาหกรรม industry|การไฟฟ้า electricity authority|ปิโตรเลียม petroleum|เคมิคอล chemical
ปูนซิเมนต์ cement|ซีเมนต์ cement|โรงพยาบาล hospital|อาหาร food|ฟู้ดส์ foods|ฟู้ด food|โฮลดิ้งส์ holdings
โฮลดิ้ง holding|กรุ๊ป group|กรุ๊พ group|อินเตอร์เนชั่นแนล international|อินเตอร์ inter|เทคโนโลยี technology
เอ็นจิเนียริ่ง engineering|คอร์ปอเรชั่น corporation|เซอร์วิส service|เทรดดิ้ง trading|กรุงเทพ bangkok
กรุงไทย krung thai|กรุงศรีอยุธยา krungsri ayudhya|ประเทศไทย thailand|ไทยพาณิชย์ siam commercial|ไทย thai
สยาม siam|เอเซีย asia|เอเชีย asia|แอนด์ and|และ and|แห่ง of|พัฒนา development|อสังหาริมทรัพย์ real estate
เพื่อการ |ยูเนี่ยน union|แลนด์ land|เฮ้าส์ house
อิเลคโทรนิคส์ electronics|อีเลคโทรนิคส์ electronics|อิเล็กทรอนิกส์ electronics|อิเลคทรอนิคส์ electronics
ออโตโมทีฟ automotive|มอเตอร์ motor|ยูโอบี uob|ซีไอเอ็มบี cimb|เอสซีบี scb
"""
_ARABIC_HEBREW = """
شركة |ش.م.ك.ع kscp|ش.م.ك kscp|ش.م.ع pjsc|ش.م.ب bsc|ش.م.م llc|ذ.م.م llc|البنك bank|بنك bank|مصرف bank
بانک bank|بانك bank|المؤسسة corporation|مؤسسة corporation|المصرفية banking|المصرفيه banking|مجموعة group
القابضة holding|العامة general|الاتصالات telecommunications|للاتصالات telecommunications|للتأمين insurance
التأمين insurance|للاستثمار investment|الاستثمار investment|الاستثمارية investment|الإسلامي islamic
الاسلامي islamic|الوطني national|الوطنية national|التجاري commercial|التجارية trading|للتجارة trading
العربية arab|العربيه arab|العربي arab|الدولي international|الدولية international|العالمية global
المحدودة ltd|الإمارات emirates|الامارات emirates|أبوظبي abu dhabi|ابوظبي abu dhabi|دبي dubai|الشارقة sharjah
الكويت kuwait|الكويتية kuwait|قطر qatar|البحرين bahrain|السعودية saudi|السعودي saudi|الأردن jordan
الأردني jordan|عمان oman|مصر egypt|لبنان lebanon|العقارية real estate|للعقارات properties
الفلسطيني palestine|الصناعية industrial|للصناعة industry|النفط oil|الخليج gulf|الأول first|الاول first
التنمية development|للتنمية development|בע"מ ltd|בע״מ ltd|בע''מ ltd|בעמ ltd|הבנק bank|בנק bank
ביטוח insurance|חברה company|חברת company|קבוצת group|השקעות investments|לישראל israel|ישראל israel
הבינלאומי international|הראשון first|אחזקות holdings|קרן fund|נדל"ן real estate|טכנולוגיות technologies
תעשיות industries|מערכות systems|אנרגיה energy|פרטנר partner
"""


def _pairs(text: str) -> dict[str, str]:
    """What is written (up to the last space before ASCII words) → what the world says."""
    pairs: dict[str, str] = {}
    for entry in text.replace("\n", "|").split("|"):
        if entry.strip():
            at = next((i for i, c in enumerate(entry) if "a" <= c <= "z"), len(entry))
            pairs[entry[:at].strip()] = entry[at:].strip()
    return pairs


SIGNS = _pairs(_CJK) | _pairs(_KOREAN) | _pairs(_THAI) | _pairs(_ARABIC_HEBREW)
"""Generic words of scripts that write them without spaces or with their articles → English words ("" drops them)."""

KOREAN_LETTERS = {
    "엘지": "lg", "에스케이": "sk", "케이비": "kb", "케이티": "kt", "엔에이치": "nh", "농협": "nh", "디비": "db",
    "지에스": "gs", "씨제이": "cj", "엘에스": "ls", "에이치디": "hd", "케이씨씨": "kcc", "비엔케이": "bnk",
    "디지비": "dgb", "제이비": "jb", "아이비케이": "ibk", "에스비아이": "sbi", "오씨아이": "oci", "엔씨": "nc",
    "에이케이": "ak", "엠비케이": "mbk", "이엔씨": "e and c", "씨앤티": "c and t", "에프앤에프": "f and f",
}  # fmt: skip
"""Latin initials that Korean company names spell out."""

ROMANISED = {
    "synetairistiki": "cooperative", "ependytikon": "investment", "ependyseon": "investments", "ypiresion": "services",
    "parochis": "", "symmetochon": "holdings", "trapeziki": "bank", "viomichania": "industry", "naytiliaki": "shipping",
    "energeiaki": "energy", "elliniki": "hellenic", "diethnis": "international",
    "bank": "bank", "banka": "bank", "trapeza": "bank", "kommercheskiy": "", "aktsionernyy": "", "chastnoe": "",
    "aktsionernoe": "aktsionernoe", "investitsionnyy": "investment", "investitsionnaya": "investment",
    "kooperativnyy": "cooperative", "kompaniya": "company", "gruppa": "group", "strakhovaya": "insurance",
    "strakhovoe": "insurance", "upravlyayushchaya": "management", "finansovaya": "financial",
    "promyshlennyy": "industrial", "kepital": "capital", "kapital": "capital", "obshchinska": "municipal",
    "obshtinska": "municipal", "natsionalnyy": "national", "natsionalna": "national", "evropeyskiy": "european",
    "mezhdunarodnyy": "international", "mezhdunarodnaya": "international", "kholding": "holding", "grup": "group",
    "zavod": "plant", "energetichna": "energy", "menidzhmnt": "management", "menidzhment": "management",
    "balgariya": "bulgaria", "bulgariya": "bulgaria", "rossiya": "russia", "ukraini": "ukraine",
    "ellados": "greece", "ellas": "hellas", "asfalistiki": "insurance", "peiraios": "piraeus", "athinon": "athens",
    "ethniki": "national", "omilos": "group", "kliring": "clearing", "brokers": "brokers", "treyding": "trading",
    "servis": "service", "servisiz": "services", "tekhnolodzhis": "technologies", "imoti": "properties",
    "pensionno": "pension", "zhongguo": "china", "yinhang": "bank", "xianggang": "hong kong", "jituan": "group",
    "osiguritelna": "insurance", "zastrakhovatelna": "insurance", "zastrahovatelna": "insurance",
}  # fmt: skip
"""Generic words of Cyrillic and Greek names as transliterated → English ("" drops them)."""
